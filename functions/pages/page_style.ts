/**
 * How pages look: light and dark by the reader's setting, from a phone to a wide screen.
 *
 * @module
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f6f3, #121417); --card: light-dark(#fff, #1a1d22);
  --line: light-dark(#e2e2dd, #30353d); --ink: light-dark(#1b1f24, #e9ebee);
  --quiet: light-dark(#59616b, #a3abb6); --accent: light-dark(#0b6b57, #52d3b3);
  --bar: light-dark(#9cc7bc, #2f6d60); --on-accent: light-dark(#fff, #08211b);
  --amber: light-dark(#8a5300, #f0b85f); --red: light-dark(#b3261e, #ff9188);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
.wrap { max-width: 74rem; margin: 0 auto; padding: 0 1.5rem; }
main { padding: 1.5rem 0 4rem; }
a { color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; z-index: 1; }
.bar { background: var(--card); border-bottom: 1px solid var(--line); }
.bar .wrap { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; min-height: 3.25rem; }
.brand { font-weight: 650; color: inherit; text-decoration: none; letter-spacing: -.01em; }
.bar nav { flex: 1; }
.bar ul { display: flex; flex-wrap: wrap; gap: .25rem; list-style: none; margin: 0; padding: 0; }
.bar nav a { display: block; padding: .3rem .7rem; border-radius: 8px; color: var(--quiet); text-decoration: none; }
.bar nav a:hover, .bar nav [aria-current] { color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 0; }
p { margin: 0 0 .6rem; max-width: 75ch; }
.quiet { color: var(--quiet); } .small { font-size: .85rem; }
.fault { color: var(--red); } .fault:empty { display: none; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem; margin: 0 0 1.25rem; min-width: 0; }
.narrow { max-width: 30rem; margin: 6vh auto 0; } .narrow h1 { margin-bottom: .6rem; }
.plain { list-style: none; padding: 0; margin: 1rem 0 0; }
.head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; justify-content: space-between; margin: 0 0 .9rem; }
.head p { margin: .15rem 0 0; } .head > div { min-width: 0; }
.row a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0; }
.stacked { display: grid; gap: .5rem; } .stacked .fault { margin: 0; }
button, input, select {
  font: inherit; color: inherit; background: var(--card); border: 1px solid light-dark(#8b8f94, #6d747e);
  border-radius: 8px; padding: .35rem .7rem; min-height: 2.4rem; max-width: 100%;
}
button { cursor: pointer; font-weight: 500; white-space: nowrap; }
button:hover { border-color: var(--ink); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.plain { margin: 0; border-color: transparent; background: none; color: var(--quiet); padding: .3rem .7rem; }
button.plain:hover { color: var(--ink); border-color: var(--line); }
.notice, .warning { border: 1px solid var(--line); border-left: 4px solid var(--accent); background: var(--card); border-radius: 8px; padding: .6rem 1rem; max-width: none; margin: 1rem 0 0; }
.warning { margin: 0 0 .75rem; } .warning b { display: block; }
.warning.watch { border-left-color: var(--amber); } .warning.watch b { color: var(--amber); }
.warning.wrong { border-left-color: var(--red); } .warning.wrong b { color: var(--red); }
.good { color: var(--accent); } .watch { color: var(--amber); } .wrong { color: var(--red); }
div.warning { color: inherit; }
.tiles { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); margin: 0 0 1.25rem; }
.tiles .card { margin: 0; }
.number { font-size: 1.75rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; margin: .1rem 0 0; overflow-wrap: anywhere; }
.chart { display: block; width: 100%; height: 5rem; margin: .75rem 0 .2rem; border-bottom: 1px solid var(--line); }
.chart rect { fill: var(--bar); } .chart .now { fill: var(--accent); } .chart .below { fill: var(--red); }
.axis { display: flex; justify-content: space-between; font-size: .78rem; color: var(--quiet); margin: 0; }
.scroll { overflow-x: auto; margin: 0 -1.25rem; padding: 0 1.25rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--quiet); font-size: .85rem; padding: 0 0 .4rem; }
th { text-align: left; font-weight: 500; color: var(--quiet); white-space: nowrap; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
tbody:last-child tr:last-child > * { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
td.number-cell, th.number-cell { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.sum > * { font-weight: 600; color: var(--ink); }
.group th { color: var(--ink); font-weight: 600; padding-top: .9rem; }
.today { color: var(--ink); font-weight: 600; }
.id { overflow-wrap: anywhere; font: .88rem/1.5 var(--mono); }
td.id { min-width: 12ch; }
.columns { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; }
details { margin-top: .9rem; } summary { cursor: pointer; color: var(--quiet); width: fit-content; }
details > :not(summary) { margin-top: .6rem; }
pre { margin: .5rem 0 .9rem; padding: .8rem 1rem; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
code, pre { font: .88rem/1.55 var(--mono); }
iframe.mail { display: block; max-width: 100%; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  .wrap { padding: 0 1rem; } main { padding-top: 1rem; }
  .card { padding: 1rem; } .chart { height: 3.5rem; } .scroll { margin: 0 -1rem; padding: 0 1rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  .stacked-rows thead { display: none; }
  .stacked-rows tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .stacked-rows tr:last-child { border-bottom: 0; }
  .stacked-rows td { display: block; position: relative; padding: .1rem 0 .1rem 5.5rem; border: 0; white-space: normal; }
  .stacked-rows td::before { content: attr(data-name); position: absolute; left: 0; color: var(--quiet); font: .92rem/1.5 system-ui, sans-serif; }
  .stacked-rows td:empty { display: none; }
}
`;
