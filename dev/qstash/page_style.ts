/**
 * The page's style sheet: light and dark by the reader's setting, no outside asset.
 *
 * @module
 */
import { PAGE_PALETTE } from "../page_palette.ts";

export const PAGE_STYLE = `${PAGE_PALETTE}
.wrap { max-width: 1180px; margin: 0 auto; padding: 0 24px 64px; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px; }
a:hover { text-decoration-color: currentColor; }
header.top {
  display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: end; justify-content: space-between;
  padding: 32px 0 20px;
}
h1 { font-size: 24px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 0; }
.lead { margin: 4px 0 0; color: var(--quiet); max-width: 72ch; }
.clock { text-align: right; }
.clock strong { font: 600 20px/1.2 var(--mono); font-variant-numeric: tabular-nums; display: block; }
.clock .row { justify-content: flex-end; margin-top: 8px; }
.quiet { color: var(--quiet); }
.small { font-size: 13px; }
.row { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.row form { margin: 0; }
.mono { font-family: var(--mono); font-size: 13px; }
button {
  font: inherit; font-size: 13px; font-weight: 500; line-height: 1; color: var(--ink); background: var(--card);
  border: 1px solid var(--line); border-radius: 7px; padding: 7px 11px; cursor: pointer; min-height: 30px;
  white-space: nowrap;
}
button:hover { border-color: var(--quiet); }
button:active { transform: translateY(1px); }
button.danger { color: var(--red); }
button[disabled] { opacity: .5; cursor: progress; }
.tiles {
  display: grid; gap: 10px; margin: 0 0 20px; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(118px, 1fr));
}
.tile {
  display: block; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 12px 14px; text-decoration: none; height: 100%;
}
a.tile:hover { border-color: var(--quiet); }
.tile[aria-current] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.tile b { display: block; font-size: 24px; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { font-size: 13px; }
.tile.none b, .tile.none .state { color: var(--quiet); }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 14px; margin: 0 0 20px;
  overflow: hidden;
}
.head { padding: 16px 20px 12px; }
.head p { margin: 2px 0 0; color: var(--quiet); font-size: 13px; max-width: 110ch; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th {
  text-align: left; font-weight: 500; font-size: 12px; color: var(--quiet); white-space: nowrap;
  padding: 6px 12px; border-bottom: 1px solid var(--line);
}
td { padding: 9px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { padding-left: 20px; width: 132px; }
th:last-child, td:last-child { padding-right: 20px; }
tr:last-child td { border-bottom: 0; }
td.acts { text-align: right; width: 1%; }
td.acts .row { justify-content: flex-end; flex-wrap: nowrap; }
td.num, th.num { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.time, td.mono { white-space: nowrap; font-variant-numeric: tabular-nums; }
.url { overflow-wrap: anywhere; }
.method { color: var(--quiet); font: 500 12px var(--mono); margin-right: 6px; }
.note { display: block; color: var(--quiet); font-size: 13px; overflow-wrap: anywhere; }
.note.bad { color: var(--red); }
.chip {
  display: inline-block; border: 1px solid var(--line); border-radius: 99px; padding: 0 8px;
  font-size: 12px; line-height: 20px; color: var(--quiet); margin: 3px 4px 0 0;
}
.state { display: inline-flex; gap: 7px; align-items: center; white-space: nowrap; font-weight: 500; }
.state::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: currentColor; }
.waiting, .cancelled, .paused { color: var(--quiet); }
.cancelled::before, .paused::before { background: none; border: 2px solid currentColor; }
.active { color: var(--blue); }
.retrying { color: var(--amber); }
.delivered, .running { color: var(--accent); }
.failed { color: var(--red); }
.empty { padding: 4px 20px 20px; color: var(--quiet); max-width: 80ch; }
.empty p { margin: 0 0 8px; }
pre {
  margin: 0; padding: 12px 14px; background: var(--paper); border: 1px solid var(--line);
  border-radius: 9px; overflow-x: auto; font: 13px/1.55 var(--mono); color: var(--ink);
  white-space: pre-wrap; overflow-wrap: anywhere;
}
details { margin: 6px 0 0; }
summary { cursor: pointer; color: var(--quiet); width: fit-content; font-size: 13px; }
details pre { margin-top: 8px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0; padding: 0 20px 18px; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.pad { padding: 0 20px 20px; margin: 0; }
.pad:empty { display: none; }
.more { padding: 10px 20px 14px; margin: 0; border-top: 1px solid var(--line); }
.chips { display: block; }
#notice {
  position: fixed; left: 50%; bottom: 24px; transform: translateX(-50%); z-index: 1;
  background: var(--ink); color: var(--paper); border-radius: 10px; padding: 10px 18px;
  max-width: min(90vw, 640px); box-shadow: 0 6px 24px #0003;
}
#notice:empty { display: none; }
#status { font-size: 13px; color: var(--quiet); }
#status.lost { color: var(--red); }
@media (max-width: 720px) {
  .wrap { padding: 0 14px 48px; }
  .clock { text-align: left; }
  .clock .row { justify-content: flex-start; }
  thead { position: absolute; left: -999px; }
  tr, td { display: block; border: 0; padding: 0; }
  tr { padding: 12px 16px; border-bottom: 1px solid var(--line); }
  td, td:first-child, td:last-child, td.num { padding: 2px 0; text-align: left; width: auto; white-space: normal; }
  td[data-name]::before { content: attr(data-name) ": "; color: var(--quiet); font-size: 13px; }
  td.acts .row { justify-content: flex-start; margin-top: 6px; }
}
@media (prefers-reduced-motion: no-preference) {
  .active::before { animation: beat 1.2s ease-in-out infinite; }
  @keyframes beat { 50% { opacity: .25; } }
}
`;
