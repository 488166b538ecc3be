/**
 * The part of the chat page's script that makes elements of texts: never markup, always text nodes.
 *
 * @module
 */

/** Plain browser JavaScript. */
export const renderScript = String.raw`
const byId = (id) => document.getElementById(id);
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const button = (label, act) => {
  const made = element("button", { type: "button" }, label);
  made.addEventListener("click", act);
  return made;
};

// Code between backquotes, and bold between two stars.
const inline = (text) =>
  text.split(/(\x60[^\x60\n]+\x60|\*\*[^*\n]+\*\*)/).map((part, index) => {
    if (index % 2 === 0) return part;
    return part[0] === "*"
      ? element("strong", {}, part.slice(2, -2))
      : element("code", {}, part.slice(1, -1));
  });
// Every second part stands behind a fence of three backquotes; the last may not be closed yet.
const blocksOf = (text) =>
  text.split(/^\x60\x60\x60.*\n?/m).flatMap((part, index) =>
    index % 2
      ? [{ tag: "pre", text: part.replace(/\n$/, "") }]
      : part.split(/\n{2,}/).filter((each) => each.trim()).map((each) => ({ tag: "p", text: each }))
  );
const makeBlock = ({ tag, text }) =>
  tag === "pre"
    ? element("pre", { tabindex: 0, "aria-label": "Code" }, element("code", {}, text))
    : element("p", { dir: "auto" }, ...inline(text.replace(/^\n+|\n+$/g, "")));

// Keeps what stands: whoever has marked some of it goes on reading.
const render = (target, text) => {
  const blocks = blocksOf(text);
  blocks.forEach((block, index) => {
    const source = block.tag + block.text;
    const old = target.children[index];
    if (old?.source === source) return;
    const fresh = makeBlock(block);
    fresh.source = source;
    if (old) old.replaceWith(fresh);
    else target.append(fresh);
  });
  while (target.children.length > blocks.length) target.lastElementChild.remove();
};

const sameDay = (one, other) => one.toDateString() === other.toDateString();
const timeOf = (iso) => {
  const at = new Date(iso);
  const hour = { hour: "2-digit", minute: "2-digit" };
  const shown = sameDay(at, new Date())
    ? at.toLocaleTimeString([], hour)
    : at.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
  return element("time", { datetime: iso, title: at.toLocaleString() }, shown);
};
const clockOf = (iso) => new Date(iso).toLocaleTimeString();

// What went wrong, and what can be done.
const explain = ({ status, code, retryAfterMs, message }) => {
  if (status === 401) return "Your sign-in is over. Sign in again.";
  if (status === 429) {
    const seconds = Math.ceil((retryAfterMs ?? 1e4) / 1e3);
    return "These were too many messages at once. Try again in " + seconds + " s.";
  }
  if (code === "not_configured") return "The chat is not switched on here: " + message + ".";
  if (code === "conversation_not_found") {
    return "This conversation is not there any more. Begin a new one.";
  }
  if (status >= 500) return "The chat is away for a moment; nothing is lost. Try again.";
  if (status) return message + ".";
  return "The chat cannot be reached. Look at your connection, and try again.";
};
`;
