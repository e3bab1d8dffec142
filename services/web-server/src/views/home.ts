import type { ProductPage } from "../../../common/src/shop.ts";
import { claim } from "../brand.ts";
import { type Html, html } from "../html.ts";
import { grid } from "./products.ts";

/** The first page: what others want most, and where to look. */
export const home = ({ items, categories, total }: ProductPage): Html => html`
<section class="hero">
<h1>${claim}</h1>
<p>Tools, textiles and small comforts that do one thing well. We write down what each of them does, and what it does not.</p>
<p><a class="button" href="/search">See all ${total} things</a></p>
</section>
<section aria-labelledby="categories">
<h2 id="categories">Categories</h2>
<ul class="chips">${categories.map(
  ({ name, count }) =>
    html`<li><a href="/search?category=${encodeURIComponent(name)}">${name} <span>${count}</span></a></li>`,
)}</ul>
</section>
<section aria-labelledby="wanted">
<h2 id="wanted">Wanted most</h2>
${items.length > 0 ? grid(items) : html`<p>The shelves are still empty. Come back soon.</p>`}
</section>`;
