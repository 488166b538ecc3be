/**
 * The inbox's style sheet: from a phone to a wide screen, no outside asset.
 *
 * @module
 */
import { PAGE_PALETTE } from "../page_palette.ts";

export const INBOX_STYLE = `${PAGE_PALETTE}
html, body { height: 100%; }
body { display: flex; flex-direction: column; }
a { color: var(--accent); text-underline-offset: 3px; }
h1 { font-size: 19px; margin: 0; letter-spacing: -0.01em; }
h1 a { color: inherit; text-decoration: none; }
h2 { font-size: 20px; line-height: 1.3; margin: 0 0 10px; overflow-wrap: anywhere; }
h3 { font-size: 14px; margin: 20px 0 8px; }
header.top {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; padding: 10px 20px;
  background: var(--card); border-bottom: 1px solid var(--line);
}
header.top form { margin: 0; }
.counts { margin: 0; color: var(--quiet); font-variant-numeric: tabular-nums; }
[role="search"] { flex: 1 1 220px; max-width: 420px; margin-left: auto !important; }
input[type="search"] {
  width: 100%; font: inherit; color: inherit; background: var(--paper); padding: 6px 12px;
  border: 1px solid var(--line); border-radius: 9px;
}
button {
  font: inherit; font-size: 14px; color: inherit; background: var(--card); padding: 5px 12px;
  border: 1px solid var(--line); border-radius: 9px; cursor: pointer;
}
button:hover { border-color: var(--quiet); }
.danger { color: var(--red); }
#status { flex-basis: 100%; color: var(--red); font-size: 13px; }
#status:empty { display: none; }
.panes { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(280px, 380px) 1fr; }
.panes > nav { overflow-y: auto; border-right: 1px solid var(--line); background: var(--card); }
ol { list-style: none; margin: 0; padding: 0; }
.row {
  display: grid; grid-template-columns: 1fr auto; gap: 1px 10px; padding: 10px 16px 10px 26px;
  border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; position: relative;
}
.row:hover { background: var(--paper); }
.row:focus-visible { outline-offset: -2px; }
.row[aria-current] { background: var(--paper); box-shadow: inset 3px 0 var(--accent); }
.row > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row .subject, .row .from { grid-column: 1; }
.row time, .row .from { color: var(--quiet); font-size: 13px; }
.row time { font-variant-numeric: tabular-nums; line-height: 22px; }
.row .trouble { grid-column: 2; grid-row: 2; color: var(--red); font-size: 13px; }
.unread .to, .unread .subject { font-weight: 650; }
.unread::before {
  content: ""; position: absolute; left: 11px; top: 17px; width: 8px; height: 8px;
  border-radius: 50%; background: var(--accent);
}
.found { margin: 0; padding: 8px 16px; color: var(--quiet); border-bottom: 1px solid var(--line); }
.nothing { margin: 0; padding: 24px 20px; color: var(--quiet); overflow-wrap: anywhere; }
.pager { display: flex; justify-content: space-between; margin: 0; padding: 12px 16px; color: var(--quiet); }
main { overflow-y: auto; padding: 20px 24px; min-width: 0; display: flex; flex-direction: column; }
main:focus { outline: none; }
article { flex: 1; display: flex; flex-direction: column; min-height: 0; }
.back { display: none; margin: 0 0 10px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.event { margin-left: 10px; padding: 0 8px; border: 1px solid var(--line); border-radius: 99px; font-size: 12px; color: var(--quiet); }
.event.delivered { color: var(--accent); }
.event.bounced, .event.complained { color: var(--red); }
.tools { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; margin: 16px 0 12px; border-bottom: 1px solid var(--line); }
.tools label { margin-left: auto; padding: 6px 0; color: var(--quiet); font-size: 14px; cursor: pointer; }
.tabs { display: flex; }
.tabs a { padding: 6px 14px; color: var(--quiet); text-decoration: none; border-bottom: 2px solid transparent; margin-bottom: -1px; }
.tabs a:hover { color: var(--ink); }
.tabs a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
.preview { flex: 1; display: flex; justify-content: center; min-height: 320px; }
iframe { width: 100%; height: 100%; border: 1px solid var(--line); border-radius: 10px; background: light-dark(#fff, #1c1f25); }
article:has(#phone:checked) iframe { width: 375px; max-width: 100%; }
pre {
  margin: 0; padding: 14px 16px; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; font: 13px/1.55 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere;
}
.welcome { max-width: 620px; margin: 6vh auto; width: 100%; }
.welcome p { color: var(--quiet); }
@media (max-width: 760px) {
  header.top { padding: 10px 14px; gap: 8px 12px; }
  [role="search"] { order: 1; flex-basis: 100%; max-width: none; }
  #delete { margin-left: auto; }
  .reading header.top { display: none; }
  .panes { grid-template-columns: minmax(0, 1fr); overflow-y: auto; }
  .panes > nav { border: 0; overflow: visible; }
  .reading .panes > nav { display: none; }
  body:not(.reading) main:has(article) { display: none; }
  main { padding: 14px; overflow: visible; }
  .reading .panes { display: flex; flex-direction: column; }
  .reading main { flex: 1; }
  .back { display: block; }
  .tools label { display: none; }
  .headers { grid-template-columns: 1fr; gap: 0; }
  .headers dd { margin-bottom: 8px; }
  .tabs a { padding: 6px 11px; }
}
`;
