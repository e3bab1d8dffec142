import type { Product } from "../../../common/src/shop.ts";
import { money } from "../brand.ts";
import { mostPieces } from "../cart.ts";
import { type Html, html } from "../html.ts";
import { art } from "./art.ts";
import { grid, stockNote } from "./products.ts";

/** One product, and some of the same category. */
export function productView(product: Product, related: readonly Product[]): Html {
  const { productID, name, description, category, style, price, stock } = product;
  const category_ = `/search?category=${encodeURIComponent(category)}`;
  return html`
<nav class="crumbs" aria-label="You are here"><a href="/">Home</a> <span aria-hidden="true">/</span> <a href="${category_}">${category}</a></nav>
<article class="product">
<div class="picture">${art(product)}</div>
<div class="about">
<h1>${name}</h1>
<p class="lead">${description}</p>
<p class="row"><span class="price big">${money(price)}</span>${stockNote(stock)}</p>
${
  stock > 0
    ? html`<form method="post" action="/cart/add" class="buy">
<input type="hidden" name="productID" value="${productID}">
<label>Pieces <input name="quantity" type="number" min="1" max="${Math.min(stock, mostPieces)}" value="1" required inputmode="numeric"></label>
<button type="submit" data-testid="add-to-cart">Add to cart</button>
</form>`
    : html`<p class="empty">There is none left to sell. It may come back: they often do.</p>`
}
<dl class="facts">
<div><dt>Category</dt><dd>${category}</dd></div>
${style !== undefined && html`<div><dt>Style</dt><dd>${style}</dd></div>`}
<div><dt>Number</dt><dd><code>${productID}</code></dd></div>
</dl>
</div>
</article>
${
  related.length > 0 &&
  html`<section aria-labelledby="related"><h2 id="related">More in ${category}</h2>${grid(related)}</section>`
}`;
}
