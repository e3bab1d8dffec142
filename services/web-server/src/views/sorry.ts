import { type Html, html } from "../html.ts";

/** A page that is not what was asked for: what happened, and where to go. */
export const sorry = (title: string, text: string, again?: string): Html => html`
<section class="sorry">
<h1>${title}</h1>
<p>${text}</p>
<p class="row">${again !== undefined && html`<a class="button" href="${again}">Try again</a>`}<a href="/">To the front page</a></p>
</section>`;
