/** Colours, type, the frame of a page, and elements without a class. */
export const foundation = `
:root {
  color-scheme: light;
  --paper: #faf7f1; --card: #fff; --ink: #23211d; --soft: #6a645a; --line: #e4ddd0;
  --leaf: #2f5d50; --leaf-dark: #234639; --leaf-pale: #e5efea;
  --rust: #a3401f; --rust-pale: #fbebe4; --sun: #8a6100; --sun-pale: #fdf3d9;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --shadow: 0 1px 2px rgb(60 45 20 / .06), 0 6px 20px rgb(60 45 20 / .06);
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); }
h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.15; text-wrap: balance; overflow-wrap: anywhere; margin: 0 0 .6em; }
h1 { font-size: clamp(1.8rem, 1.3rem + 2vw, 2.6rem); letter-spacing: -.015em; }
h2 { font-size: 1.3rem; }
p { margin: 0 0 1em; }
ul { list-style: none; margin: 0; padding: 0; }
a { color: var(--leaf); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:hover { color: var(--leaf-dark); text-decoration-thickness: 2px; }
code { font-size: .86em; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid #d99a2b; outline-offset: 2px; border-radius: 4px; }
.wrap { width: min(72rem, 100% - 2.5rem); margin-inline: auto; }
main.wrap { flex: 1; padding-block: 2.2rem 4rem; }
section + section { margin-top: 2.6rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--ink); color: #fff; padding: .6rem 1rem; border-radius: 8px; z-index: 2; }
.skip:focus { top: .6rem; color: #fff; }
.row { display: flex; gap: .8rem; align-items: baseline; justify-content: space-between; flex-wrap: wrap; }
.stack { display: grid; gap: 1.1rem; }
.small { font-size: .88rem; color: var(--soft); }

.top { background: var(--card); border-bottom: 1px solid var(--line); }
.top .wrap { display: flex; gap: 1rem 2rem; align-items: center; padding-block: .9rem; flex-wrap: wrap; }
.brand { font: 600 1.35rem/1 var(--serif); color: var(--ink); text-decoration: none; letter-spacing: -.01em; }
.brand:hover { color: var(--leaf); }
.top nav { display: flex; gap: 1.4rem; margin-left: auto; }
.top nav a { color: var(--ink); text-decoration: none; font-weight: 500; white-space: nowrap; }
.top nav a:hover { color: var(--leaf); text-decoration: underline; }
.count { background: var(--leaf); color: #fff; border-radius: 99px; padding: .1em .55em; font-size: .8rem; }
.search { flex: 1 1 18rem; max-width: 34rem; display: flex; }
.search input { flex: 1; min-width: 0; border-radius: 10px 0 0 10px; border-right: 0; background: var(--paper); }
.search button { border-radius: 0 10px 10px 0; }
.bottom { border-top: 1px solid var(--line); color: var(--soft); font-size: .88rem; }
.bottom .wrap { padding-block: 1.4rem; display: flex; gap: .3rem 2rem; justify-content: space-between; flex-wrap: wrap; }
.bottom p { margin: 0; }

input, select, textarea { font: inherit; color: inherit; background: var(--card); border: 1px solid #c9c0b0; border-radius: 10px; padding: .6rem .8rem; width: 100%; }
input[type="number"] { width: 6rem; }
textarea { resize: vertical; }
[aria-invalid="true"] { border-color: var(--rust); background: var(--rust-pale); }
button, .button { display: inline-block; font: 600 1rem/1.2 var(--sans); border: 1px solid var(--leaf); border-radius: 10px; background: var(--leaf); color: #fff; padding: .75rem 1.3rem; cursor: pointer; text-decoration: none; text-align: center; }
button:hover, .button:hover { background: var(--leaf-dark); border-color: var(--leaf-dark); color: #fff; }
button.quiet { background: transparent; color: var(--leaf); border-color: var(--line); font-weight: 500; padding: .55rem .9rem; }
button.quiet:hover { border-color: var(--leaf); background: var(--leaf-pale); }
fieldset { border: 0; margin: 0; padding: 0; }
legend, label { font-weight: 500; }
legend { padding: 0; margin-bottom: .3rem; }
`;
