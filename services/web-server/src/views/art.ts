import { type Html, html } from "../html.ts";
import { anyGlyph, glyphs } from "./glyphs.ts";

/** A picture of a product, drawn from its words alone: no image files, the same every time. */
export function art(product: { productID: string; name: string; category: string }): Html {
  const seed = hash(product.productID);
  const hue = hash(product.category) % 360;
  const glyph = glyphFor(product.name) ?? glyphFor(product.category) ?? anyGlyph;
  const x = 20 + (seed % 60);
  const y = 18 + ((seed >> 6) % 50);
  const r = 26 + ((seed >> 12) % 16);
  return html`<svg class="art" viewBox="0 0 120 96" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">
<rect width="120" height="96" fill="hsl(${hue} 38% 90%)"/>
<circle cx="${x}" cy="${y}" r="${r}" fill="hsl(${hue} 42% 82%)"/>
<path d="M0 76Q30 ${66 + (seed % 12)} 60 76T120 72V96H0z" fill="hsl(${(hue + 24) % 360} 34% 80%)"/>
<path transform="translate(36 22)" d="${glyph}" fill="hsl(${hue} 40% 97% / .72)" stroke="hsl(${hue} 36% 26%)" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`;
}

const glyphFor = (words: string): string | undefined => glyphs.find(([known]) => known.test(words))?.[1];

/** FNV-1a: spreads similar words far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
