/**
 * The chat page's script: who is signed in, which conversation is shown, and what is sent.
 *
 * It asks when something is done, when another tab says so, and when somebody comes back to the page;
 * never by itself.
 *
 * @module
 */
import { renderScript } from "./render_script.ts";
import { sideScript } from "./side_script.ts";
import { talkScript } from "./talk_script.ts";

const head = String.raw`
const KEY = "zeropoll.chat.token";
let token = "";
try {
  token = localStorage.getItem(KEY) ?? "";
} catch {
  // Storage is refused: the token lasts as long as the page.
}
const chat = createChat(() => token);
`;

const script = String.raw`
const spoken = byId("spoken");
const text = byId("text");
const notice = byId("notice");

const warn = (...children) => {
  keepingEnd(() => {
    notice.replaceChildren(...children);
    notice.hidden = false;
  });
};
const calm = () => {
  notice.hidden = true;
};
const fail = (error) => error.status === 401 ? signIn(explain(error)) : warn(explain(error));
const random = () => crypto.getRandomValues(new BigUint64Array(2)).join("-");

// Who is signed in.
let deafen = () => {};
const keep = (given) => {
  token = given;
  try {
    if (token) localStorage.setItem(KEY, token);
    else localStorage.removeItem(KEY);
  } catch {
    // As above.
  }
};
const signIn = (fault = "") => {
  deafen();
  talk.leaving.abort();
  byId("sign-in-fault").textContent = fault;
  byId("chat").hidden = true;
  byId("sign-in").hidden = false;
  byId("token").focus();
};
const begin = async () => {
  endings.clear();
  byId("sign-in").hidden = true;
  byId("chat").hidden = false;
  byId("user").textContent = userName();
  deafen();
  deafen = chat.listen("", hear);
  await Promise.all([listPage(), openPlace()]);
};
const userName = (of = token) => {
  try {
    const bytes = atob(of.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(bytes).sub;
  } catch {
    return "";
  }
};
byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(byId("token").value.trim());
  byId("token").value = "";
  void begin();
});
byId("sign-out").addEventListener("click", () => {
  keep("");
  messages.replaceChildren();
  list.replaceChildren();
  signIn();
});
addEventListener("storage", ({ key, newValue }) => {
  if (key === KEY && (newValue ?? "") !== token) location.reload();
});

// Which conversation is shown: the address says so, behind its #.
const open = async (id, { m: mark, from } = {}) => {
  talk.leaving.abort();
  talk = { id, isStored: id !== "", leaving: new AbortController() };
  messages.replaceChildren();
  byId("older").hidden = byId("newer").hidden = true;
  document.body.classList.toggle("in-talk", id !== "" || location.hash === "#new");
  calm();
  showStop();
  showTitle();
  markEntry();
  byId("empty").hidden = byId("acts").hidden = id !== "";
  if (id === "") {
    byId("acts").hidden = true;
    return text.focus();
  }
  const mine = talk;
  try {
    const page = await chat.history(id, from ? { after: from } : {});
    if (talk !== mine) return;
    showPage(page, "all");
    if (mark) point(mark);
    else toEnd();
  } catch (error) {
    if (talk === mine) fail(error);
  }
};
const point = (id) => {
  const turn = turnOf(id);
  turn?.scrollIntoView({ block: "start" });
  turn?.setAttribute("tabindex", "-1");
  turn?.focus();
};
const openPlace = () => {
  const { c: id = "", ...place } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return open(id, place);
};
addEventListener("hashchange", () => {
  if (!takeToken() && token) void openPlace();
});
// A link may hold the token; it is taken out of the address at once. Who is signed in is asked before
// somebody else's takes its place: what they wrote then would be read by whoever made the link.
let offered = "";
const takeToken = () => {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  history.replaceState(null, "", location.pathname + location.search);
  // A token that names nobody signs nobody in.
  if (token && token !== given && userName() && userName(given) !== userName()) {
    offered = given;
    byId("other-name").textContent = userName(given) || "another user";
    byId("own-name").textContent = userName() || "another user";
    byId("other-user").returnValue = "";
    if (!byId("other-user").open) byId("other-user").showModal();
    return false;
  }
  keep(given);
  void begin();
  return true;
};

byId("other-user").addEventListener("close", () => {
  if (byId("other-user").returnValue !== "switch" || !offered) return;
  keep(offered);
  location.reload();
});

// What other tabs did, and that somebody is back.
const hear = (news) => {
  if (news.type === "shown") return void Promise.all([listPage(), refresh()]);
  const { conversation, message } = news;
  if (news.type === "sent") {
    raise(conversation, message);
    if (conversation !== talk.id || talk.hasNewer) return;
    keepingEnd(() => {
      show(message, (turn) => messages.append(turn));
      setEmpty();
    });
    followOpen();
  }
  if (news.type === "removed") {
    entryOf(conversation)?.remove();
    if (conversation === talk.id) leave("This conversation was deleted in another tab.");
  }
};
const leave = (message) => {
  history.pushState(null, "", "#new");
  void open("").then(() => message && warn(message));
};

// What is said.
const say = async (said, clientId = random(), failed) => {
  if (talk.hasNewer) await open(talk.id);
  if (!talk.id) {
    talk.id = random();
    history.replaceState(null, "", "#c=" + talk.id);
  }
  const { id } = talk;
  calm();
  failed?.remove();
  const pending = makeTurn({ id: clientId, role: "user", text: said });
  pending.classList.add("pending");
  messages.append(pending);
  setEmpty();
  toEnd();
  try {
    const answer = await chat.send(id, said, { clientId });
    const { message, replyId } = answer;
    raise(id, message);
    if (talk.id === id) talk.isStored = true;
    if (!pending.isConnected) return;
    pending.remove();
    show(message, (turn) => messages.append(turn));
    spoken.textContent = "Sent. The answer is on its way.";
    await watchAnswer(replyId, answer);
  } catch (error) {
    pending.classList.add("fault-turn");
    keepingEnd(() => note(pending, "Not sent.", button("Send again", () => void say(said, clientId, pending))));
    fail(error);
  }
};
const submit = () => {
  const said = text.value.trim();
  if (!said) return;
  text.value = "";
  fit();
  void say(said);
};
// Where the style sheet cannot do so, the field grows by hand.
const fit = () => {
  if (CSS.supports("field-sizing", "content")) return;
  text.rows = Math.min(8, text.value.split("\n").length);
};
text.addEventListener("input", fit);
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
document.addEventListener("keydown", (event) => {
  // In the search it ends that, and a question is closed by it.
  const isTaken = event.target === query || document.querySelector("dialog[open]");
  if (event.key === "Escape" && !isTaken) void stopAll();
});
byId("stop").addEventListener("click", () => void stopAll());
for (const idea of document.querySelectorAll(".idea")) {
  idea.addEventListener("click", () => {
    text.focus();
    void say(idea.textContent);
  });
}

// What can be done with a conversation.
const turnPage = async (where, cursor) => {
  const mine = talk;
  try {
    const page = await chat.history(talk.id, cursor);
    if (talk === mine) showPage(page, where);
  } catch (error) {
    fail(error);
  }
};
byId("older").addEventListener("click", () => turnPage("older", { before: talk.before }));
byId("newer").addEventListener("click", () => turnPage("newer", { after: talk.after }));
byId("new").addEventListener("click", () => leave());
byId("back").addEventListener("click", () => document.body.classList.remove("in-talk"));
list.addEventListener("click", ({ target }) => {
  // The one that is open: its address does not change, and on a phone it is not in sight.
  if (target.closest("[aria-current]")) document.body.classList.add("in-talk");
});
byId("export").addEventListener("click", async () => {
  try {
    const file = await chat.download(talk.id, { format: "text" });
    const href = URL.createObjectURL(file);
    element("a", { href, download: byId("title").textContent + ".txt" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 6e4);
  } catch (error) {
    fail(error);
  }
});
byId("remove").addEventListener("click", () => {
  byId("removal").returnValue = "";
  byId("removal").showModal();
});
byId("removal").addEventListener("close", async () => {
  if (byId("removal").returnValue !== "remove") return;
  const { id } = talk;
  try {
    await chat.remove(id);
    entryOf(id)?.remove();
    leave();
    spoken.textContent = "The conversation is deleted.";
  } catch (error) {
    fail(error);
  }
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  text.focus();
});

if (!takeToken()) {
  if (token) void begin();
  else signIn();
}
`;

/** Behind the import of `createChat`. */
export const chatPageScript = head + renderScript + talkScript + sideScript + script;
