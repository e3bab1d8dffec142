import type { ProductPage } from "../../../common/src/shop.ts";
import { type Html, html } from "../html.ts";
import { type Search, sorts } from "../input.ts";
import { queryString } from "../query.ts";
import { option } from "./layout.ts";
import { grid } from "./products.ts";

/** The same search with something changed, as an address; what is as ever is left out. */
export function searchPath(search: Search, change: Partial<Search> = {}): string {
  const { q, category, minPrice, maxPrice, sort, page } = { ...search, ...change };
  const query = queryString({
    ...{ q, category, minPrice, maxPrice },
    sort: sort === "relevance" ? "" : sort,
    page: page === 1 ? "" : page,
  });
  return query === "" ? "/search" : `/search?${query}`;
}

/** What a search is about, in words. */
export const searchTitle = ({ q, category }: Search): string => (q ? `“${q}”` : (category ?? "Everything"));

/** What was found, with what it can be narrowed by. */
export function results(search: Search, found: ProductPage): Html {
  return html`
<div class="finder">
<aside aria-label="Narrow down">${filters(search, found)}</aside>
<section aria-labelledby="found">
<div class="row heading"><h1 id="found">${searchTitle(search)}</h1><p role="status">${counted(found.total)}</p></div>
${found.items.length > 0 ? grid(found.items) : nothing(search)}
${found.pages > 1 && paging(search, found.page, found.pages)}
</section>
</div>`;
}

const counted = (total: number) => (total === 1 ? "1 thing" : `${total} things`);

function filters(search: Search, { categories }: ProductPage): Html {
  const { q, category, minPrice, maxPrice, sort } = search;
  const all = categories.reduce((sum, { count }) => sum + count, 0);
  const link = (name: string | undefined, label: string, count: number) =>
    html`<li><a href="${searchPath(search, { category: name, page: 1 })}"${name === category && html` aria-current="true"`}>${label} <span>${count}</span></a></li>`;
  return html`
<nav aria-labelledby="by-category"><h2 id="by-category">Category</h2>
<ul class="narrow">${link(undefined, "All", all)}${categories.map(({ name, count }) => link(name, name, count))}</ul></nav>
<form action="/search" class="stack">
<input type="hidden" name="q" value="${q}">
${category !== undefined && html`<input type="hidden" name="category" value="${category}">`}
<fieldset><legend>Price in dollars</legend><div class="row">
<label>from <input name="minPrice" type="number" min="0" step="0.01" inputmode="decimal" value="${minPrice ?? ""}"></label>
<label>to <input name="maxPrice" type="number" min="0" step="0.01" inputmode="decimal" value="${maxPrice ?? ""}"></label>
</div></fieldset>
<label>Sort by <select name="sort">${Object.entries(sorts).map(([value, label]) => option(value, label, value === sort))}</select></label>
<button type="submit" class="quiet">Apply</button>
</form>`;
}

const nothing = (search: Search): Html => html`<div class="empty">
<p>Nothing here by that description${search.minPrice !== undefined || search.maxPrice !== undefined ? " at that price" : ""}.</p>
<p>Fewer words often find more; small typing mistakes are forgiven. ${
  search.category !== undefined &&
  html`<a href="${searchPath(search, { category: undefined, page: 1 })}">Look in all categories</a>, or `
}<a href="/search">see everything</a>.</p>
</div>`;

function paging(search: Search, page: number, pages: number): Html {
  const near = Array.from({ length: pages }, (_, n) => n + 1).filter(
    (n) => n === 1 || n === pages || Math.abs(n - page) <= 2,
  );
  const to = (n: number, label: string) => html`<a href="${searchPath(search, { page: n })}">${label}</a>`;
  return html`<nav class="paging" aria-label="Pages">
${page > 1 && to(page - 1, "← Back")}
${near.map((n, at) => [
  at > 0 && n - (near[at - 1] ?? n) > 1 && html`<span aria-hidden="true">…</span>`,
  n === page ? html`<span aria-current="page">${n}</span>` : to(n, String(n)),
])}
${page < pages && to(page + 1, "Next →")}
</nav>`;
}
