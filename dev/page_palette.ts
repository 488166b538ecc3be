/**
 * The colours that the pages in dev share: light and dark by the reader's setting.
 *
 * @module
 */
export const PAGE_PALETTE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f7f7f5, #14161a);
  --card: light-dark(#ffffff, #1c1f25);
  --line: light-dark(#e3e3df, #2e323b);
  --ink: light-dark(#1d2126, #e8e9ec);
  --quiet: light-dark(#5c636d, #a0a7b3);
  --accent: light-dark(#0b6b57, #4fd1b0);
  --blue: light-dark(#1f5fae, #82b4f5);
  --amber: light-dark(#8a5300, #eeb45c);
  --red: light-dark(#b3261e, #ff8f85);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 16px; top: 8px; background: var(--card); padding: 6px 12px; }
`;
