/**
 * The part of `/chat.js` that asks the chat, and reads and follows the streams of replies, as text.
 *
 * A stream that breaks, falls silent or is closed while nobody looks goes on from where it was.
 *
 * @module
 */

/** Plain browser JavaScript. */
export const streamSource = String.raw`
const base = new URL("api/chat/", import.meta.url);
// Between the tries; after the last it gives up.
const WAITS_MS = [500, 1e3, 2e3, 4e3, 8e3, 15e3, 30e3, 60e3];
// The server says something every 15 s, if only a comment.
const SILENCE_MS = 45e3;

export class ChatError extends Error {
  // Facts: status, code and retryAfterMs, as far as they are known.
  constructor(message, facts = {}, options) {
    super(message, options);
    this.name = "ChatError";
    Object.assign(this, facts);
  }
}

// The same, asked again, would be told the same.
const isFinal = ({ status, code }) =>
  code === "not_configured" || (status >= 400 && status < 500 && status !== 408 && status !== 429);

const problemOf = async (response) => {
  const problem = await response.json().catch(() => ({}));
  const message = problem.detail ?? "The server answered " + response.status;
  const seconds = Number(response.headers.get("retry-after"));
  const { status } = response;
  return new ChatError(message, {
    status,
    code: problem.code,
    ...(seconds > 0 && { retryAfterMs: seconds * 1e3 }),
  });
};

// Asks with the user's token. Throws a ChatError for what is no success.
const askWith = (tokenOf) => async (path, { body, ...init } = {}) => {
  const token = tokenOf();
  const headers = { ...init.headers, ...(token && { authorization: "Bearer " + token }) };
  const sent = body && JSON.stringify(body);
  const response = await fetch(base + path, { ...init, headers, body: sent, cache: "no-store" });
  if (response.ok) return response;
  throw await problemOf(response);
};

// Resolves as begin says, and rejects when the caller leaves; what begin listens to ends with it.
const first = (signal, begin) => new Promise((resolve, reject) => {
  if (signal?.aborted) return reject(signal.reason);
  const ending = new AbortController();
  const settle = (how) => (value) => {
    ending.abort();
    how(value);
  };
  const left = settle(() => reject(signal.reason));
  signal?.addEventListener("abort", left, { signal: ending.signal });
  begin(settle(() => resolve()), ending.signal);
});
// Not all at once, where a server has gone that many look at; at once, where it was our own network.
const wait = (ms, signal) => first(signal, (resolve, ended) => {
  const timer = setTimeout(resolve, ms * (.8 + Math.random() * .4));
  ended.addEventListener("abort", () => clearTimeout(timer));
  addEventListener("online", resolve, { signal: ended });
});
const shown = (signal) => first(signal, (resolve, ended) => {
  const look = () => document.hidden || resolve();
  document.addEventListener("visibilitychange", look, { signal: ended });
  look();
});
const waitBefore = (tries, { retryAfterMs = 0 } = {}, signal) =>
  wait(Math.max(WAITS_MS[tries], Math.min(retryAfterMs, 60e3)), signal);

const eventOf = (block) => {
  const { id, event, data } = Object.fromEntries(
    block.split("\n").map((line) => line.split(/: (.*)/s)),
  );
  return event && { id, type: event, data: JSON.parse(data) };
};

// One connection's events. Ends with it; closes it where it is silent, or hidden and may pause.
async function* connect(ask, path, { signal, pauses, ...init }) {
  const closing = new AbortController();
  const close = () => closing.abort();
  const ending = { signal: closing.signal };
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(close, SILENCE_MS);
  };
  signal?.throwIfAborted();
  signal?.addEventListener("abort", close, ending);
  if (pauses) document.addEventListener("visibilitychange", () => document.hidden && close(), ending);
  try {
    heard();
    const headers = { accept: "text/event-stream" };
    const response = await ask(path, { ...init, headers, signal: closing.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    // Outside of browsers, an aborted fetch may leave the connection of a body that is read.
    closing.signal.addEventListener("abort", () => reader.cancel().catch(() => {}));
    for (let rest = "";;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const event of blocks.map(eventOf)) if (event) yield event;
    }
  } finally {
    clearTimeout(timer);
    close();
  }
}

// What the caller is told of an event; held is what it has after it.
const tell = (held, { id, type, data: { text, ...data } }) => {
  held.after = id ?? held.after;
  if (type === "reset") held.text = "";
  if (type === "text") held.text += text;
  return { type, ...data, ...(type === "text" && { added: text }), text: held.text, id: held.after };
};

async function* follow(ask, reply, { after, text = "", signal } = {}) {
  const held = { after, text };
  for (let tries = 0;; tries++) {
    await shown(signal);
    let cause;
    try {
      const place = held.after ? "?after=" + held.after : "";
      const path = "replies/" + encodeURIComponent(reply) + "/stream" + place;
      for await (const event of connect(ask, path, { signal, pauses: true })) {
        if (event.type === "idle") break;
        tries = 0;
        yield tell(held, event);
        if (event.type === "end") return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (isFinal(error)) throw error;
      cause = error;
    }
    if (document.hidden) tries = -1;
    else if (tries < WAITS_MS.length) await waitBefore(tries, cause, signal);
    else {
      const message = "Cannot follow the reply: gave up after " + tries + " tries";
      throw new ChatError(message, { code: "gave_up" }, { cause });
    }
  }
}
`;
