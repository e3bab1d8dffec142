import { scriptPath, stylePath } from "../assets.ts";
import { brand, claim } from "../brand.ts";
import { flag, type Html, html } from "../html.ts";

/** What every page needs beside its own content. */
export interface Page {
  readonly title?: string;
  /** Pieces in the cart, shown in the header. */
  readonly inCart: number;
  /** What was searched for, kept in the field. */
  readonly query?: string;
  /** Seconds after which a browser without scripts asks again. */
  readonly refresh?: number;
  readonly body: Html;
}

/** A whole page: header with search and cart, content, footer. */
export function layout({ title, inCart, query, refresh, body }: Page): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title ? `${title} · ${brand}` : `${brand}: ${claim}`}</title>
<meta name="description" content="${brand}. ${claim}">
<link rel="stylesheet" href="${stylePath}">
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%232f5d50'/%3E%3Cpath d='M11 24V8h11M11 16h8' fill='none' stroke='%23fff' stroke-width='3'/%3E%3C/svg%3E">
${
  refresh !== undefined &&
  html`<noscript><meta http-equiv="refresh" content="${refresh}"></noscript>
<script src="${scriptPath}" defer></script>`
}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<div class="wrap">
<a class="brand" href="/">${brand}</a>
<form class="search" role="search" action="/search">
<label class="unseen" for="q">Search products</label>
<input id="q" name="q" type="search" placeholder="Search for a lamp, a ladle, a long winter…" value="${query ?? ""}" maxlength="200" autocomplete="off" data-testid="search-input">
<button type="submit">Search</button>
</form>
<nav aria-label="Shop">
<a href="/search">Browse</a>
<a href="/cart" data-testid="cart-link">Cart${inCart > 0 && html` <span class="count">${inCart}<span class="unseen"> pieces</span></span>`}</a>
</nav>
</div>
</header>
<main id="main" class="wrap">
${body}
</main>
<footer class="bottom">
<div class="wrap"><p>${brand}. ${claim}</p><p>Prices in US dollars. A demonstration: nothing is charged, nothing is sent.</p></div>
</footer>
</body>
</html>
`;
  return page.text;
}

/** One choice of a select. */
export const option = (value: string, label: string, chosen: boolean): Html =>
  html`<option value="${value}"${flag("selected", chosen)}>${label}</option>`;

/** A sentence that matters just now. `bad` is read out at once. */
export const notice = (text: Html | string, sort: "good" | "bad" = "good"): Html =>
  html`<div class="notice ${sort}" role="${sort === "bad" ? "alert" : "status"}">${text}</div>`;
