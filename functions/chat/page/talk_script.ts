/**
 * The part of the chat page's script that shows one conversation: its messages, and answers as they
 * come. Each answer stands behind its question, in whichever order they were stored.
 *
 * @module
 */

/** Plain browser JavaScript, behind what `renderScript` declares. */
export const talkScript = String.raw`
const messages = byId("messages");
const scroller = byId("scroller");
const NEAR_PX = 80;

// The conversation that is shown. Its signal ends what follows in it.
let talk = { id: "", leaving: new AbortController() };
// How answers have ended that were followed here: those without a message are not asked for again.
const endings = new Map();

const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
const toEnd = () => {
  scroller.scrollTop = scroller.scrollHeight;
};
const keepingEnd = (change) => {
  const atEnd = isAtEnd();
  change();
  if (atEnd) toEnd();
};
const turnOf = (id) => messages.querySelector('[data-id="' + CSS.escape(id) + '"]');
const questionOf = (reply) => messages.querySelector('[data-reply="' + CSS.escape(reply) + '"]');
const answerId = (reply) => "reply-" + reply;

const makeTurn = ({ id, role, text, at, reply }) => {
  const who = role === "user" ? "You" : "Assistant";
  const body = element("div", { class: "said" });
  const turn = element(
    "li",
    { class: "turn " + role, "data-id": id, ...(reply && { "data-reply": reply }) },
    element("p", { class: "who" }, who, " ", ...(at ? [timeOf(at)] : [])),
    body,
    element("div", { class: "note" }),
  );
  if (role === "user") body.append(element("p", { dir: "auto" }, text));
  else render(body, text);
  return turn;
};
const note = (turn, ...children) =>
  keepingEnd(() => turn.querySelector(".note").replaceChildren(...children));

// Shows a message where it belongs; one that is shown already is brought up to date.
const show = (message, add) => {
  const { id, role } = message;
  const known = turnOf(id);
  if (known && role === "user") {
    if (message.reply) known.dataset.reply = message.reply;
    return;
  }
  if (known) {
    if (!known.isOpen || known.follows) return;
    // What could not be followed to its end has come to it.
    known.isOpen = false;
    note(known);
    render(known.querySelector(".said"), message.text);
    if (message.ending) showEnding(known, id.slice("reply-".length), message.ending);
    return;
  }
  const turn = makeTurn(message);
  const question = role === "assistant" && questionOf(id.replace(/^reply-/, ""));
  if (question) question.after(turn);
  else add(turn);
  const answer = message.reply && turnOf(answerId(message.reply));
  if (answer) turn.after(answer);
  if (message.ending) showEnding(turn, id.slice("reply-".length), message.ending);
};

const draw = (turn) => keepingEnd(() => render(turn.querySelector(".said"), turn.text));
const drawLater = (turn) => {
  if (turn.isDrawn) return;
  turn.isDrawn = true;
  requestAnimationFrame(() => {
    turn.isDrawn = false;
    draw(turn);
  });
};
const repeat = (turn, reply) =>
  button("Ask again", () => {
    const text = questionOf(reply)?.querySelector(".said").textContent;
    note(turn);
    if (text) void say(text);
  });

const showEnding = (turn, reply, { state, error, endedBy }) => {
  const notes = {
    done: [],
    stopped: ["You stopped this answer."],
    cut: ["The answer was cut short: it took its longest " +
      (endedBy === "time_limit" ? "time." : "length."), button("Go on", () => void say("Go on"))],
    withheld: ["The provider withholds the rest of this answer.", repeat(turn, reply)],
    failed: ["The answer failed" + (error ? ": " + error : "") + ".", repeat(turn, reply)],
  };
  note(turn, ...(notes[state] ?? []));
  turn.classList.toggle("fault-turn", state === "failed");
};

// How an answer has ended, for eyes and ears.
const end = (turn, reply, { state, error, endedBy, text }) => {
  turn.isOpen = false;
  turn.removeAttribute("aria-busy");
  endings.set(reply, { state, error, endedBy, text });
  showEnding(turn, reply, { state, error, endedBy });
  if (!turn.follows || !turn.isConnected) return;
  spoken.textContent = state === "done" ? "Assistant: " + text : turn.querySelector(".note").innerText;
};

const watchAnswer = async (reply, events) => {
  const turn = turnOf(answerId(reply)) ?? makeTurn({ id: answerId(reply), role: "assistant", text: "" });
  if (turn.follows) return;
  Object.assign(turn, { follows: true, isOpen: true });
  turn.setAttribute("aria-busy", "true");
  turn.text = "";
  note(turn);
  keepingEnd(() => turn.isConnected || questionOf(reply)?.after(turn));
  showStop();
  const { signal } = talk.leaving;
  try {
    for await (const event of events) {
      turn.text = event.text;
      // How it ended is told below all of it: at once, also where no frame is drawn.
      (event.type === "end" ? draw : drawLater)(turn);
      if (event.type === "text") note(turn);
      if (event.type === "retry") {
        note(turn, "The model is busy. It is asked again at " + clockOf(event.at) + ".");
      }
      if (event.type === "end") end(turn, reply, event);
    }
  } catch (error) {
    if (signal.aborted) return;
    turn.removeAttribute("aria-busy");
    if (error.status === 401) return signIn(explain(error));
    note(turn, explain(error), button("Go on", () => void watchAnswer(reply, followed(reply))));
  } finally {
    turn.follows = false;
    showStop();
  }
};
const followed = (reply) => chat.follow(reply, { signal: talk.leaving.signal });

const endedTurn = (reply, ending) => {
  const turn = makeTurn({ id: answerId(reply), role: "assistant", text: ending.text });
  end(turn, reply, ending);
  return turn;
};

// What was asked and has no answer here, once all that was said is: it is still being made, or failed.
const followOpen = () => {
  for (const question of messages.querySelectorAll("[data-reply]")) {
    const { reply } = question.dataset;
    const answer = turnOf(answerId(reply));
    const ending = endings.get(reply);
    if (answer ? answer.isOpen : !ending) void watchAnswer(reply, followed(reply));
    else if (!answer) question.after(endedTurn(reply, ending));
  }
};

const openReplies = () =>
  [...messages.querySelectorAll("[aria-busy]")].map(({ dataset }) => dataset.id.slice(6));
const showStop = () => {
  const isBusy = openReplies().length > 0;
  if (!isBusy && document.activeElement === byId("stop")) byId("text").focus();
  byId("stop").hidden = !isBusy;
};
const stopAll = async () => {
  for (const reply of openReplies()) {
    try {
      await chat.stop(reply);
    } catch (error) {
      warn(explain(error));
    }
  }
};

const setEmpty = () => {
  const isEmpty = messages.children.length === 0;
  byId("empty").hidden = !isEmpty;
  byId("acts").hidden = isEmpty;
};
const showPage = ({ messages: page, before, after, hasNewer }, where) => {
  const anchor = where === "older" ? messages.firstElementChild : null;
  const height = scroller.scrollHeight;
  for (const message of page) show(message, (turn) => messages.insertBefore(turn, anchor));
  if (where !== "newer") talk.before = before;
  if (where !== "older") Object.assign(talk, { after, hasNewer });
  byId("older").hidden = !talk.before;
  byId("newer").hidden = !talk.hasNewer;
  if (where === "older") scroller.scrollTop += scroller.scrollHeight - height;
  if (!talk.hasNewer) followOpen();
  setEmpty();
};

// Reads what was said since, here or elsewhere.
const refresh = async () => {
  if (!talk.isStored || talk.hasNewer) return;
  const { id } = talk;
  try {
    const page = await chat.history(id);
    if (talk.id !== id) return;
    const isGap = messages.children.length > 0 && page.messages.every((each) => !turnOf(each.id));
    if (isGap) messages.replaceChildren();
    keepingEnd(() => showPage(page, isGap ? "all" : "newer"));
    calm();
  } catch (error) {
    fail(error);
  }
};
`;
