import { describe, expect, it } from "vitest";
import { flag, html } from "../src/html.ts";

describe("html", () => {
  it("escapes every text, between tags and in attributes", () => {
    const hostile = `"><script>alert('&')</script>`;
    const safe = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
    expect(html`<a title="${hostile}">${hostile}</a>`.text).toBe(`<a title="${safe}">${safe}</a>`);
  });

  it("takes markup as it is, once, and joins lists", () => {
    expect(html`<ul>${["<", ">"].map((sign) => html`<li>${sign}</li>`)}</ul>`.text).toBe(
      "<ul><li>&lt;</li><li>&gt;</li></ul>",
    );
  });

  it("leaves out what is not there, but not zero", () => {
    expect(html`${undefined}${false}${0}${""}`.text).toBe("0");
  });

  it("sets attributes without a value where they are true", () => {
    expect(html`<option${flag("selected", true)}><option${flag("selected", false)}>`.text).toBe(
      "<option selected><option>",
    );
  });
});
