import { total } from "../../../common/src/money.ts";
import { money } from "../brand.ts";
import { type CartLine, sumOf } from "../cart.ts";
import { type Html, html } from "../html.ts";
import type { Difference } from "../ordering.ts";
import { notice } from "./layout.ts";

/** The fields of the form as they were filled in; nothing yet at first. */
export interface Filled {
  readonly name: string;
  readonly email: string;
  readonly address: string;
}

/** What is wrong with which field, in words. */
export type Problems = Partial<Record<keyof Filled, string>>;

export interface CheckoutView {
  readonly orderID: string;
  readonly lines: readonly CartLine[];
  readonly filled: Filled;
  readonly problems?: Problems;
  /** What has changed since the buyer saw the page. */
  readonly differences?: readonly Difference[];
  /** Why the order was not placed although all was well filled in. */
  readonly failure?: string;
}

/** Who it goes to, what it costs, and the button. */
export function checkoutView({ orderID, lines, filled, problems = {}, differences = [], failure }: CheckoutView): Html {
  const seen = Object.fromEntries(
    lines.flatMap(({ productID, quantity, product }) =>
      product ? [[productID, { quantity, price: product.price }]] : [],
    ),
  );
  const wrong = Object.keys(problems).length;
  return html`<h1>Check out</h1>
${failure !== undefined && notice(failure, "bad")}
${wrong > 0 && notice(wrong === 1 ? "One field needs another look." : `${wrong} fields need another look.`, "bad")}
${differences.length > 0 && notice(html`<p>Something changed while you were filling this in. Nothing has been ordered yet.</p><ul>${differences.map((each) => html`<li>${told(each)}</li>`)}</ul>`, "bad")}
<div class="checkout">
<form method="post" action="/checkout" class="stack" novalidate>
<input type="hidden" name="orderID" value="${orderID}">
<input type="hidden" name="seen" value="${JSON.stringify(seen)}">
${field("name", "Name", filled, problems, html`type="text" autocomplete="name" maxlength="100"`)}
${field("email", "E-mail", filled, problems, html`type="email" autocomplete="email" maxlength="254"`)}
${field("address", "Address", filled, problems)}
<button type="submit" data-testid="place-order">Place order for ${money(sumOf(lines))}</button>
<p class="small">You will see at once whether everything could be set aside for you.</p>
</form>
<aside class="slip" aria-labelledby="slip"><h2 id="slip">Your order</h2>
<ul>${lines.map(({ productID, quantity, product }) => html`<li class="row"><span>${quantity} × ${product?.name ?? productID}</span><span class="price">${product && money(total([{ price: product.price, quantity }]))}</span></li>`)}</ul>
<p class="row total"><span>Total</span><strong class="price">${money(sumOf(lines))}</strong></p>
<p><a href="/cart">Change the cart</a></p></aside>
</div>`;
}

/** A change since the page was made, in words. */
export function told(difference: Difference): string {
  const { name } = difference;
  if (difference.is === "gone") return `${name} is not sold any more.`;
  if (difference.is === "price") return `${name} costs ${money(difference.now)} now; it was ${money(difference.was)}.`;
  return difference.available === 0
    ? `${name} is sold out.`
    : `Of ${name} only ${difference.available} ${difference.available === 1 ? "is" : "are"} left.`;
}

function field(name: keyof Filled, label: string, filled: Filled, problems: Problems, input?: Html): Html {
  const problem = problems[name];
  const aria = problem !== undefined && html` aria-invalid="true" aria-describedby="${name}-problem"`;
  return html`<div class="field"><label for="${name}">${label}</label>
${
  input
    ? html`<input id="${name}" name="${name}" value="${filled[name]}" required ${input}${aria}>`
    : html`<textarea id="${name}" name="${name}" rows="3" maxlength="500" required autocomplete="street-address"${aria}>${filled[name]}</textarea>`
}
${problem !== undefined && html`<p class="problem" id="${name}-problem">${problem}</p>`}</div>`;
}
