/** The parts: cards, notes, the lines of a cart, the state of an order. */
export const components = `
.hero { background: linear-gradient(120deg, #e5efea, #f6ecd6 85%); border: 1px solid var(--line); border-radius: 20px; padding: clamp(1.6rem, 5vw, 3.6rem); }
.hero h1 { font-size: clamp(2rem, 1.4rem + 3vw, 3.3rem); margin-bottom: .35em; }
.hero p { max-width: 36rem; font-size: 1.1rem; }
.hero p:last-child { margin-bottom: 0; }
.chips { display: flex; flex-wrap: wrap; gap: .6rem; }
.chips a { display: block; background: var(--card); border: 1px solid var(--line); border-radius: 99px; padding: .45rem 1rem; color: var(--ink); text-decoration: none; }
.chips a:hover { border-color: var(--leaf); color: var(--leaf); }
.chips span, .narrow span { color: var(--soft); font-size: .86em; margin-left: .2em; }

.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(14.5rem, 100%), 1fr)); gap: 1.3rem; }
.card a { display: flex; flex-direction: column; height: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; color: inherit; text-decoration: none; transition: transform .15s, box-shadow .15s; }
.card a:hover { transform: translateY(-2px); box-shadow: var(--shadow); }
.card strong { overflow-wrap: anywhere; font: 600 1.06rem/1.3 var(--serif); }
.card a:hover strong { color: var(--leaf); }
.card-text { display: flex; flex-direction: column; gap: .3rem; padding: .9rem 1.1rem 1.1rem; flex: 1; }
.card-text .row { margin-top: auto; padding-top: .4rem; }
.kind { color: var(--soft); font-size: .8rem; letter-spacing: .04em; }
.art { display: block; width: 100%; height: auto; }
.price { font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
.price.big { font-size: 1.5rem; }
.stock { font-size: .85rem; font-weight: 600; border-radius: 99px; padding: .15rem .7rem; white-space: nowrap; }
.stock.plenty { background: var(--leaf-pale); color: var(--leaf-dark); }
.stock.low { background: var(--sun-pale); color: var(--sun); }
.stock.out { background: var(--rust-pale); color: var(--rust); }

.finder { display: grid; grid-template-columns: 14rem 1fr; gap: 2.5rem; align-items: start; }
.heading { border-bottom: 1px solid var(--line); margin-bottom: 1.4rem; }
.heading h1 { margin-bottom: .4em; overflow-wrap: anywhere; }
.heading p { margin: 0; color: var(--soft); }
.narrow { margin-bottom: 1.8rem; }
.narrow a { display: flex; justify-content: space-between; padding: .3rem .7rem; margin-inline: -.7rem; border-radius: 8px; color: var(--ink); text-decoration: none; }
.narrow a:hover { background: #f0eadd; }
.narrow [aria-current] { background: var(--leaf-pale); font-weight: 600; color: var(--leaf-dark); }
.finder label { font-size: .92rem; }
.finder fieldset .row { justify-content: flex-start; flex-wrap: nowrap; }
.finder fieldset label { flex: 1; }
.finder input[type="number"] { width: 100%; }
.paging { display: flex; gap: .4rem; justify-content: center; margin-top: 2.2rem; flex-wrap: wrap; }
.paging > * { padding: .45rem .85rem; border-radius: 8px; text-decoration: none; }
.paging a:hover { background: var(--leaf-pale); }
.paging [aria-current] { background: var(--leaf); color: #fff; font-weight: 600; }
.empty { background: var(--card); border: 1px dashed #cfc5b3; border-radius: 14px; padding: 1.6rem; }
.empty p:last-child { margin: 0; }

.crumbs { font-size: .9rem; color: var(--soft); margin-bottom: 1.2rem; }
.product { display: grid; grid-template-columns: 1.1fr 1fr; gap: clamp(1.5rem, 4vw, 3.5rem); align-items: start; }
.picture { border-radius: 20px; overflow: hidden; border: 1px solid var(--line); }
.product + section { margin-top: 3rem; }
.lead { font-size: 1.15rem; }
.about > .row { justify-content: flex-start; gap: 1.2rem; align-items: center; }
.buy { display: flex; gap: 1rem; align-items: end; flex-wrap: wrap; margin-block: 1.4rem; }
.buy label { display: grid; gap: .3rem; font-size: .9rem; }
.buy button { padding: .8rem 2rem; }
.facts { margin: 1.6rem 0 0; border-top: 1px solid var(--line); }
.facts div { display: grid; grid-template-columns: 6rem 1fr; gap: 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.address { white-space: pre-line; }

.notice { border-radius: 12px; padding: .9rem 1.2rem; margin-bottom: 1.5rem; border: 1px solid; }
.notice.good { background: var(--leaf-pale); border-color: #b9d3c7; }
.notice.bad { background: var(--rust-pale); border-color: #e8bba8; }
.notice p { margin: 0 0 .4em; }
.notice li { list-style: disc; margin-left: 1.2rem; }
.problem { color: var(--rust); font-weight: 500; font-size: .92rem; margin: 0; }
.field { display: grid; gap: .35rem; }

.lines, .slip, .receipt { background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.lines { overflow: hidden; }
.line { display: grid; grid-template-columns: 5.5rem 1fr auto 6rem auto; gap: 1.2rem; align-items: center; padding: 1rem 1.2rem; }
.line + .line { border-top: 1px solid var(--line); }
.line.marked { background: #fffaf7; }
.line .row { flex-wrap: nowrap; align-items: center; }
.line input[type="number"] { width: 4.8rem; }
.line > .price { text-align: right; }
.thumb { border-radius: 10px; overflow: hidden; }
.what { display: grid; gap: .15rem; }
.what a { font: 600 1.05rem/1.3 var(--serif); color: var(--ink); }
.each { color: var(--soft); font-size: .9rem; }
.sum { display: grid; gap: .9rem; justify-items: end; margin-top: 1.4rem; }
.sum p { margin: 0; gap: 1.4rem; }
.sum .button { padding-inline: 2.2rem; }

.checkout { display: grid; grid-template-columns: 1.4fr 1fr; gap: clamp(1.5rem, 4vw, 3rem); align-items: start; }
.slip { padding: 1.3rem 1.5rem; }
.slip li, .receipt li { padding: .45rem 0; flex-wrap: nowrap; }
.slip p:last-child { margin: 0; }
.slip .facts { margin: 0; border: 0; }
.slip .facts div:last-child { border: 0; }
.receipt { padding: .6rem 1.5rem; margin-bottom: 1rem; }
.receipt li + li { border-top: 1px solid var(--line); }
.total { border-top: 1px solid var(--line); padding-top: .8rem; font-size: 1.1rem; }
.receipt + .total { border: 0; padding: 0 1.5rem; }

.outcome { border-radius: 20px; border: 1px solid var(--line); padding: clamp(1.5rem, 4vw, 2.6rem); margin-bottom: 2rem; background: var(--card); }
.outcome.good { background: var(--leaf-pale); border-color: #b9d3c7; }
.outcome.bad { background: var(--rust-pale); border-color: #e8bba8; }
.outcome h1 { margin-bottom: .3em; }
.outcome > :last-child { margin-bottom: 0; }
.state { display: inline-block; font-weight: 600; font-size: .9rem; border-radius: 99px; padding: .2rem .9rem; background: #fff; border: 1px solid currentcolor; margin-bottom: 1rem; }
.good .state { color: var(--leaf-dark); }
.bad .state { color: var(--rust); }
.wait .state { color: var(--sun); }
.wait .state::before { content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; background: currentcolor; margin-right: .5em; animation: breathe 1.4s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: .2; } }
.sorry { max-width: 34rem; margin: 3rem auto; text-align: center; }
.sorry p { font-size: 1.1rem; }
.sorry .row { justify-content: center; align-items: center; gap: 1.4rem; }

@media (max-width: 52rem) {
  .finder, .product, .checkout { grid-template-columns: 1fr; gap: 1.8rem; }
  .finder aside { order: 1; border-top: 1px solid var(--line); padding-top: 1.8rem; }
  .line { grid-template-columns: 4.5rem minmax(0, 1fr) auto; }
  .line > form.row, .line > span { grid-column: 1 / 3; justify-content: flex-start; }
  .line > .price { grid-column: 3; grid-row: 1; }
}
@media (max-width: 34rem) {
  .search { order: 3; flex-basis: 100%; max-width: none; }
  .grid { grid-template-columns: 1fr 1fr; gap: .8rem; }
  .card-text { padding: .7rem .8rem .9rem; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before { animation: none !important; transition: none !important; }
}
`;
