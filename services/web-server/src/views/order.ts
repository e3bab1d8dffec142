import { total } from "../../../common/src/money.ts";
import type { Order } from "../../../common/src/shop.ts";
import { money } from "../brand.ts";
import { type Html, html } from "../html.ts";
import { productPath } from "./products.ts";

/** An order that has been decided. */
export function decidedView(order: Order): Html {
  const confirmed = order.status === "CONFIRMED";
  return html`
<section class="outcome ${confirmed ? "good" : "bad"}" aria-live="polite">
<p class="state" data-testid="order-status" data-status="${order.status}">${confirmed ? "Confirmed" : "Not possible"}</p>
<h1>${confirmed ? `Thank you, ${order.customer.name}.` : "We could not set everything aside."}</h1>
${confirmed ? html`<p>Everything has been set aside for you and goes to the address below.</p>` : rejection(order)}
</section>
<div class="checkout">
<section aria-labelledby="lines"><h2 id="lines">${confirmed ? "What you ordered" : "What you wished for"}</h2>
<ul class="receipt">${order.lines.map(
    ({ productID, name, quantity, price }) =>
      html`<li class="row"><span>${quantity} × <a href="${productPath(productID)}">${name}</a></span><span class="price">${money(total([{ price, quantity }]))}</span></li>`,
  )}</ul>
<p class="row total"><span>Total</span><strong class="price">${money(order.total)}</strong></p>
</section>
<aside class="slip">
<dl class="facts">
<div><dt>Order</dt><dd><code>${order.orderID}</code></dd></div>
<div><dt>Placed</dt><dd>${when(order.placedAt)}</dd></div>
<div><dt>To</dt><dd class="address">${order.customer.name}
${order.customer.address}</dd></div>
<div><dt>E-mail</dt><dd>${order.customer.email}</dd></div>
</dl>
</aside>
</div>`;
}

/** An order that SNS has and nobody has decided yet. `unseen`: order-processing cannot be asked just now. */
export const pendingView = (orderID: string, unseen: boolean): Html => html`
<section class="outcome wait" aria-live="polite" data-poll="/api/orders/${orderID}">
<p class="state" data-testid="order-status" data-status="PENDING">Being processed</p>
<h1>We have your order.</h1>
${
  unseen
    ? html`<p>The people who know more are not answering at the moment. Your order is safe; this page keeps asking.</p>`
    : html`<p>Somebody is looking whether everything is on the shelf. This takes a moment; the page follows by itself.</p>`
}
<p class="small">Order <code>${orderID}</code></p>
</section>`;

function rejection({ orderID, lines, failedLine, reason }: Order): Html {
  const name = lines.find(({ productID }) => productID === failedLine?.productID)?.name;
  const why =
    failedLine && name !== undefined
      ? `You asked for ${failedLine.quantity} of ${name}, and ${failedLine.available > 0 ? `only ${failedLine.available} ${failedLine.available === 1 ? "was" : "were"} left` : "none was left"}.`
      : (reason ?? "");
  return html`<p>${why} Nothing was taken, nothing is owed.</p>
<form method="post" action="/orders/${orderID}/again"><button type="submit">Put it back into the cart</button></form>`;
}

const when = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
