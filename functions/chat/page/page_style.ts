/**
 * How the chat looks, beyond what every page has: two columns, or one at a time on a phone.
 *
 * @module
 */
export const chatPageStyle = `
[hidden] { display: none !important; }
html, body { height: 100%; }
.frame { display: grid; grid-template-columns: 18rem minmax(0, 1fr); height: 100dvh; }
.conversations { display: flex; flex-direction: column; gap: .75rem; min-height: 0; padding: .9rem; background: var(--card); border-right: 1px solid var(--line); }
.side-head, .side-foot, .talk-head, .acts { display: flex; align-items: center; gap: .5rem; }
.side-head, .side-foot { justify-content: space-between; }
.side-foot { border-top: 1px solid var(--line); padding-top: .6rem; margin-top: auto; }
#search { margin: 0; } #query { width: 100%; }
#found { margin: 0; } #found:empty { display: none; }
#conversations, #results { flex: 1; min-height: 0; overflow-y: auto; margin: 0 -.4rem; padding: .15rem; }
#list, #results, #messages, #empty ul { list-style: none; margin: 0; padding: 0; }
#results { padding: .15rem; } #list:not(:empty) + #none { display: none; } #none { padding: 0 .6rem; }
#user { min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
#list a, #results a { display: flex; gap: .5rem; align-items: baseline; padding: .5rem .6rem; border-radius: 8px; color: inherit; text-decoration: none; }
#results a { flex-direction: column; gap: .1rem; }
#list a:hover, #results a:hover, #list [aria-current] { background: var(--paper); }
#list [aria-current] .name { font-weight: 600; }
.name { flex: 1; min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
#results .name { flex: none; max-width: 100%; font-weight: 600; }
.excerpt { font-size: .88rem; overflow-wrap: anywhere; }
#list time, .who time { font-size: .78rem; color: var(--quiet); font-weight: 400; white-space: nowrap; }
mark { background: light-dark(#ffe08a, #6b5310); color: inherit; border-radius: 3px; padding: 0 .1em; }
.talk { display: grid; grid-template-columns: minmax(0, 1fr); grid-template-rows: auto minmax(0, 1fr) auto; min-width: 0; min-height: 0; padding: 0; }
.talk-head { min-height: 3.4rem; padding: .4rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--card); }
.talk-head h1 { flex: 1; min-width: 0; font-size: 1.05rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
#back { display: none; }
.scroller { overflow-y: auto; padding: 1.25rem; scrollbar-gutter: stable both-edges; }
.scroller:focus-visible { outline-offset: -3px; }
.column, .composer { width: 100%; max-width: 46rem; margin: 0 auto; }
#older, #newer { display: block; margin: 0 auto 1rem; }
.turn { margin: 0 0 1.25rem; overflow-wrap: anywhere; scroll-margin-top: 1rem; }
.turn:focus { outline: none; } .turn:focus-visible { outline: 2px solid var(--accent); }
.who { font-size: .8rem; font-weight: 600; color: var(--quiet); margin: 0 0 .2rem; }
.said p { margin: 0 0 .7rem; white-space: pre-wrap; max-width: none; } .said > :last-child { margin-bottom: 0; }
.said pre { overflow-x: auto; white-space: pre; overflow-wrap: normal; background: var(--card); }
.said p code { background: var(--card); border: 1px solid var(--line); border-radius: 5px; padding: .05em .3em; }
.user { display: flex; flex-direction: column; align-items: flex-end; }
.user .said { background: light-dark(#dcefe9, #1d3b35); border-radius: 14px 14px 4px 14px; padding: .6rem .9rem; max-width: 85%; }
.pending .said { opacity: .75; }
.note { font-size: .88rem; color: var(--quiet); margin-top: .4rem; display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .6rem; }
.note:empty { display: none; } .fault-turn .note { color: var(--red); }
[aria-busy] .said::after { content: ""; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; background: var(--accent); animation: breathe 1.2s ease-in-out infinite; }
[aria-busy] .said:not(:empty)::after { margin-top: .35rem; }
@keyframes breathe { 50% { opacity: .25; transform: scale(.8); } }
@media (prefers-reduced-motion: reduce) { [aria-busy] .said::after { animation: none; } }
#empty { text-align: center; padding: 12vh 0 0; } #empty p { margin: .4rem auto 1.2rem; }
#empty h2 { font-size: 1.4rem; }
.idea { width: 100%; max-width: 26rem; margin: 0 0 .6rem; white-space: normal; }
.composer { padding: .5rem 1.25rem .75rem; max-width: 48.5rem; }
.composer .notice { margin: 0 0 .6rem; border-left-color: var(--red); }
.field { display: flex; align-items: flex-end; gap: .5rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: .45rem; }
.field:focus-within { border-color: var(--accent); }
#text { flex: 1; min-width: 0; border: 0; background: none; color: inherit; font: inherit; padding: .35rem .5rem; resize: none; field-sizing: content; max-height: 12rem; min-height: 2.2rem; }
#text:focus-visible { outline: none; } .field:has(#text:focus-visible) { outline: 2px solid var(--accent); outline-offset: -1px; }
::placeholder { color: var(--quiet); opacity: 1; }
#keys { margin: .35rem .5rem 0; text-align: center; }
dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: var(--ink); padding: 1.25rem; max-width: min(26rem, 92vw); }
dialog::backdrop { background: rgb(0 0 0 / .45); }
dialog p { margin: .6rem 0; } .actions { display: flex; gap: .5rem; justify-content: flex-end; }
.danger { color: var(--red); border-color: var(--red); }
@media (max-width: 46rem) {
  .frame { grid-template-columns: minmax(0, 1fr); }
  .talk, .in-talk .conversations { display: none; } .in-talk .talk { display: grid; }
  .conversations { border: 0; } #back { display: inline-block; }
  .talk-head { padding: .4rem .75rem; } .scroller { padding: 1rem .9rem; } .composer { padding: .5rem .75rem .75rem; }
  #keys { display: none; }
}
@media (pointer: coarse) { #list a, #results a { padding: .75rem .6rem; } }
`;
