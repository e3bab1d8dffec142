import type { Product } from "../../../common/src/shop.ts";
import { money } from "../brand.ts";
import { type Html, html } from "../html.ts";
import { art } from "./art.ts";

/** The address of a product's page. */
export const productPath = (productID: string): string => `/products/${encodeURIComponent(productID)}`;

/** How much is left, in words: exact where it is little. */
export function stockWords(stock: number): string {
  if (stock <= 0) return "Sold out";
  if (stock === 1) return "The last one";
  return stock <= 5 ? `Only ${stock} left` : `${stock} in stock`;
}

const scarcity = (stock: number): string => (stock <= 0 ? "out" : stock <= 5 ? "low" : "plenty");

/** How much is left, with its colour; `data-stock` holds the number. */
export const stockNote = (stock: number): Html =>
  html`<span class="stock ${scarcity(stock)}" data-testid="product-stock" data-stock="${stock}">${stockWords(stock)}</span>`;

/** Products side by side, each a link. */
export const grid = (products: readonly Product[]): Html => html`<ul class="grid">${products.map(card)}</ul>`;

const card = (
  product: Product,
): Html => html`<li class="card" data-testid="result" data-product-id="${product.productID}">
<a href="${productPath(product.productID)}">
${art(product)}
<span class="card-text">
<span class="kind">${product.category}</span>
<strong>${product.name}</strong>
<span class="row"><span class="price">${money(product.price)}</span>${product.stock <= 5 && html`<span class="stock ${scarcity(product.stock)}">${stockWords(product.stock)}</span>`}</span>
</span>
</a>
</li>
`;
