/**
 * The part of the chat page's script for the list of conversations and the search.
 *
 * @module
 */

/** Plain browser JavaScript, behind what `talkScript` declares. */
export const sideScript = String.raw`
const list = byId("list");
const query = byId("query");
const TYPING_MS = 250;
let older;

const entryOf = (id) => list.querySelector('[data-id="' + CSS.escape(id) + '"]');
const makeEntry = ({ id, title, updatedAt }) => {
  const name = element("span", { class: "name", dir: "auto" }, title || "Untitled");
  const link = element("a", { href: "#c=" + encodeURIComponent(id) }, name, timeOf(updatedAt));
  return element("li", { "data-id": id }, link);
};
const markEntry = () => {
  for (const entry of list.children) {
    const link = entry.firstElementChild;
    if (entry.dataset.id === talk.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};
const titleOf = (id) => entryOf(id)?.querySelector(".name").textContent ?? "New chat";
const showTitle = () => {
  const title = titleOf(talk.id);
  byId("title").textContent = title;
  document.title = title + " · Zeropoll";
};
const namePart = (text) => [...text.trim().split(/[\r\n]/)[0]].slice(0, 80).join("");

// A message has come: its conversation is the first of the list now.
const raise = (id, { text, at }) => {
  const known = entryOf(id);
  const title = known ? titleOf(id) : namePart(text);
  const entry = makeEntry({ id, title, updatedAt: at });
  known?.remove();
  list.prepend(entry);
  markEntry();
  if (id === talk.id) showTitle();
};

const listPage = async (cursor) => {
  try {
    const answer = await chat.conversations({ cursor });
    const entries = answer.conversations.map(makeEntry);
    if (cursor) list.append(...entries.filter(({ dataset }) => !entryOf(dataset.id)));
    else list.replaceChildren(...entries);
    older = answer.cursor;
    byId("more").hidden = !older;
    markEntry();
    if (talk.isStored) showTitle();
  } catch (error) {
    fail(error);
  }
};

const resultOf = ({ conversation, message, excerpt, from }) => {
  const place = new URLSearchParams({ c: conversation.id, m: message.id, from });
  const pieces = excerpt.map(({ text, match }) => match ? element("mark", {}, text) : text);
  const who = message.role === "user" ? "You" : "Assistant";
  return element(
    "li",
    {},
    element(
      "a",
      { href: "#" + place },
      element("span", { class: "name", dir: "auto" }, conversation.title),
      element("span", { class: "excerpt", dir: "auto" }, who + ": ", ...pieces),
    ),
  );
};

let searching = new AbortController();
let typing;
const search = async (keep) => {
  clearTimeout(typing);
  searching.abort();
  searching = new AbortController();
  const q = query.value.trim();
  byId("conversations").hidden = q !== "";
  byId("results").hidden = q === "";
  byId("found").textContent = "";
  if (q === "") return byId("results").replaceChildren();
  const { signal } = searching;
  try {
    const { results, cursor } = await chat.search(q, { keep, signal });
    byId("results").replaceChildren(...results.map(resultOf));
    const count = results.length + (cursor ? " or more" : "");
    byId("found").textContent = results.length === 0 ? "Nothing was found." : count + " found";
  } catch (error) {
    if (signal.aborted) return;
    byId("found").textContent = explain(error);
  }
};
query.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => void search(false), query.value.trim() ? TYPING_MS : 0);
});
query.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  query.value = "";
  void search(false);
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  void search(true);
});
// What was searched for before is asked for once, when somebody is about to search.
query.addEventListener("focus", async () => {
  try {
    const { searches } = await chat.searches();
    byId("recent").replaceChildren(...searches.map((value) => element("option", { value })));
  } catch {
    // They are a comfort, no more.
  }
}, { once: true });
byId("more").addEventListener("click", () => void listPage(older));
`;
