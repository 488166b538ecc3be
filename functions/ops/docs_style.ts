/**
 * How the documentation looks, in light and in dark.
 *
 * @module
 */
import { raw } from "hono/html";

export const docsStyle = raw(`
:root { color-scheme: light dark; --line: light-dark(#d5d9df, #383d46);
  --soft: light-dark(#f4f5f7, #1e2127); --accent: light-dark(#0b57d0, #8ab4f8); }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.5rem 4rem; display: grid;
  grid-template-columns: minmax(15rem, 20rem) minmax(0, 1fr); gap: 0 2.5rem;
  font: 1rem/1.55 system-ui, sans-serif; color: light-dark(#1b1e23, #e3e6ea);
  background: light-dark(#fff, #14161a); }
header { grid-column: 1 / -1; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; }
nav ul { list-style: none; padding: 0.5rem 0; margin: 0; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
nav li { margin: 0.3rem 0; overflow-wrap: anywhere; font-size: 0.9rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 0.5rem; }
section { border-top: 1px solid var(--line); padding: 1rem 0 1.5rem; }
section:target, tr:target { background: var(--soft); }
h2 { font-size: 1.15rem; overflow-wrap: anywhere; }
h3 { font-size: 0.95rem; margin: 1.2rem 0 0.3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.8rem 0.35rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
pre { background: var(--soft); padding: 0.8rem 1rem; overflow-x: auto; border-radius: 6px; }
code { font: 0.9em ui-monospace, monospace; }
.method { font: 700 0.75rem ui-monospace, monospace; padding: 0.1rem 0.35rem;
  border: 1px solid currentColor; border-radius: 4px; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; max-height: none; } }
`);
