/**
 * The chat for pages, at `/chat.js`, as text: no build step touches it. `/client.js` loads it with the
 * first call of `chat`, so a page that does not chat does not pay for it.
 *
 * @module
 */
import { streamSource } from "./stream_source.ts";

/** Plain browser JavaScript, behind what {@link streamSource} declares. */
const source = String.raw`
const random = () => crypto.getRandomValues(new BigUint64Array(2)).join("-");
// Tells this page's own news from those of other tabs.
const self = random();
const SENDS = 5;

export const createChat = (tokenOf) => {
  const ask = askWith(tokenOf);
  const read = async (path, query, { signal } = {}) => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const response = await ask(path + "?" + new URLSearchParams(given), { signal });
    return await response.json();
  };
  const of = (conversation, what = "") => "conversations/" + encodeURIComponent(conversation) + what;

  // What tabs of one browser tell each other goes by user: another may be signed in by now.
  const channelOf = (conversation) => {
    let user = tokenOf();
    try {
      user = JSON.parse(atob(user.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
    } catch {
      // Not a JWT that can be read here: equal tokens are one user.
    }
    return new BroadcastChannel("zeropoll-chat " + user + " " + conversation);
  };
  const announce = (conversation, news) => {
    for (const name of [conversation, ""]) {
      const channel = channelOf(name);
      channel.postMessage({ ...news, conversation, from: self });
      channel.close();
    }
  };

  // The connection that sent it makes the reply, so it stays open while the tab is hidden.
  async function* answerOf(reply, events, signal) {
    const held = { text: "" };
    try {
      for await (const event of events) {
        if (event.type === "idle") break;
        yield tell(held, event);
        if (event.type === "end") return;
      }
    } catch {
      signal?.throwIfAborted();
    }
    yield* follow(ask, reply, { ...held, signal });
  }

  return {
    async send(conversation, text, { clientId = random(), mode, signal } = {}) {
      const message = { method: "POST", body: { text, clientId, mode }, signal };
      for (let tries = 0;; tries++) {
        const events = connect(ask, of(conversation, "/messages"), message);
        try {
          const { value } = await events.next();
          if (!value) throw new ChatError("Cannot send: the connection broke off");
          const { message: stored, reply, repeated } = value.data;
          announce(conversation, { type: "sent", message: stored });
          return {
            message: stored,
            messageId: stored.id,
            replyId: reply.id,
            repeated,
            [Symbol.asyncIterator]: () => answerOf(reply.id, events, signal),
          };
        } catch (error) {
          signal?.throwIfAborted();
          if (isFinal(error) || error.status === 429) throw error;
          if (tries + 1 === SENDS) {
            const message = "Cannot send the message: gave up after " + SENDS + " tries";
            throw new ChatError(message, { code: "gave_up" }, { cause: error });
          }
          await waitBefore(tries, error, signal);
        }
      }
    },
    follow: (reply, options) => follow(ask, reply, options),
    stop: async (reply) => {
      const response = await ask("replies/" + encodeURIComponent(reply), { method: "DELETE" });
      return await response.json();
    },
    history: (conversation, { before, after, limit, signal } = {}) =>
      read(of(conversation, "/messages"), { before, after, limit }, { signal }),
    conversations: ({ cursor, limit, signal } = {}) =>
      read("conversations", { cursor, limit }, { signal }),
    search: (q, { cursor, limit, keep, signal } = {}) =>
      read("search", { q, cursor, limit, keep }, { signal }),
    searches: () => read("searches", {}),
    download: async (conversation, { format } = {}) => {
      const response = await ask(of(conversation, "/export") + (format ? "?format=" + format : ""));
      return await response.blob();
    },
    remove: async (conversation) => {
      await ask(of(conversation), { method: "DELETE" });
      announce(conversation, { type: "removed" });
    },
    // Tells heard of what other tabs did, and when somebody comes back to this one.
    listen: (conversation, heard) => {
      const ending = new AbortController();
      const channel = channelOf(conversation ?? "");
      channel.onmessage = ({ data }) => data.from === self || heard(data);
      let shownAt = performance.now();
      const show = () => {
        // Of a tab that is chosen, browsers say so twice.
        if (document.hidden || performance.now() - shownAt < 300) return;
        shownAt = performance.now();
        heard({ type: "shown" });
      };
      document.addEventListener("visibilitychange", show, ending);
      for (const type of ["focus", "online"]) addEventListener(type, show, ending);
      return () => {
        ending.abort();
        channel.close();
      };
    },
  };
};
`;

/** As it is sent: without comments and indentation. */
export const chatSource = (streamSource + source).trim()
  .replace(/^\s*\/\/.*\n/gm, "")
  .replace(/^ +/gm, "");
