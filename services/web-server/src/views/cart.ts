import { total } from "../../../common/src/money.ts";
import { money } from "../brand.ts";
import { type CartLine, mostPieces, sumOf, trouble } from "../cart.ts";
import { type Html, html } from "../html.ts";
import { art } from "./art.ts";
import { productPath } from "./products.ts";

/** The cart with the prices and the stock of this moment. */
export function cartView(lines: readonly CartLine[]): Html {
  if (lines.length === 0)
    return html`<h1>Your cart</h1><div class="empty"><p>Nothing in it yet.</p><p><a class="button" href="/search">Have a look around</a></p></div>`;
  const blocked = lines.some(trouble);
  return html`<h1>Your cart</h1>
<ul class="lines">${lines.map(lineView)}</ul>
<div class="sum">
<p class="row"><span>Total</span> <strong class="price big" data-testid="cart-total">${money(sumOf(lines))}</strong></p>
${
  blocked
    ? html`<p class="problem">Please change the marked lines before you check out.</p>`
    : html`<a class="button" href="/checkout" data-testid="cart-checkout">Check out</a>`
}
<a href="/search">Keep looking</a>
</div>`;
}

function lineView(line: CartLine): Html {
  const { productID, quantity, product } = line;
  const problem = trouble(line);
  const name = product?.name ?? productID;
  return html`<li class="line${problem !== undefined && " marked"}" data-testid="cart-line" data-product-id="${productID}">
<div class="thumb">${product && art(product)}</div>
<div class="what">${product ? html`<a href="${productPath(productID)}">${name}</a>` : name}
${product && html`<span class="each">${money(product.price)} each</span>`}
${problem !== undefined && html`<span class="problem">${problem}</span>`}</div>
${
  product !== undefined && product.stock > 0
    ? html`<form method="post" action="/cart/update" class="row">
<input type="hidden" name="productID" value="${productID}">
<label><span class="unseen">Pieces of ${name}</span><input name="quantity" type="number" min="0" max="${mostPieces}" value="${quantity}" required inputmode="numeric"></label>
<button type="submit" class="quiet">Update</button>
</form>`
    : html`<span></span>`
}
<strong class="price">${product !== undefined && product.stock > 0 && money(total([{ price: product.price, quantity }]))}</strong>
<form method="post" action="/cart/remove"><input type="hidden" name="productID" value="${productID}"><button type="submit" class="quiet" aria-label="Remove ${name}">Remove</button></form>
</li>
`;
}
