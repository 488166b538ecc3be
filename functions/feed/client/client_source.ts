/**
 * The module that pages load from `/client.js`, as text: no build step, and nothing that a
 * bundler does to functions reaches it. Its requests are simple ones: no preflight.
 *
 * @module
 */

/** Beside this module's own address, wherever the app is published. */
const chatModule = JSON.stringify("./chat.js");

/** Plain browser JavaScript; every statement ends with `;`, and no string holds a space. */
const source = String.raw`
const base = new URL("api/metrics/", import.meta.url);
const random = () => crypto.getRandomValues(new BigUint64Array(2)).join("");
let session = random(), token, timer, queue = [], failed = [];
try { session = localStorage.zeropoll ||= session; } catch {}

// A page that is drawn ahead is seen by nobody yet.
const shown = document.prerendering &&
  new Promise((resolve) => addEventListener("prerenderingchange", resolve, true));

const post = async (path, body, again) => {
  await shown;
  try {
    const answer = await fetch(base + path, { method: "POST", body, keepalive: true });
    if (answer.status < 500) return await answer.json();
  } catch {}
  if (again) { failed.push([path, body]); soon(); }
};
const seal = (fields) => JSON.stringify({ ...fields, session, token });

// What failed is sent once more as it was, with the listings that were seen since.
const soon = () => timer ||= setTimeout(flush, 3e3);
const flush = (leaving) => {
  const requests = failed;
  clearTimeout(timer);
  failed = [];
  for (timer = 0; queue[0];) {
    requests.push(["impressions", seal({ batch: random(), impressions: queue.splice(0, 100) }), 1]);
  }
  for (const [path, body, again] of requests) {
    leaving && navigator.sendBeacon(base + path, body) || post(path, body, again);
  }
};

// Seen is: at least half of it for a second, while the page can be seen. 0 stands for done.
const timers = new WeakMap();
const observer = new IntersectionObserver((entries) => {
  for (const { target, intersectionRatio } of entries) {
    clearTimeout(timers.get(target));
    if (intersectionRatio >= .5) timers.set(target, setTimeout(see, 1e3, target));
  }
}, { threshold: .5 });
const see = (target) => {
  observer.unobserve(target);
  if (document.hidden) return observer.observe(target);
  const [, kind, id] = /(.*?):(.*)/.exec(target.dataset.listing);
  timers.set(target, 0);
  queue.push({ kind, id });
  queue[99] ? flush() : soon();
};
for (const type of ["pagehide", "visibilitychange"]) {
  addEventListener(type, () => (type < "v" || document.hidden) && flush(1));
}

export const setToken = (text) => { token = text; };
export const view = (kind, id) => post("views", seal({ kind, id }), 1);
export const favorite = (kind, id, undo) => post("favorites", seal({ kind, id, undo }));
export const unfavorite = (kind, id) => favorite(kind, id, true);
export const booking = (kind, id, booking) => post("bookings", seal({ kind, id, booking }), 1);
export const watch = (root = document) => {
  for (const target of [root, ...root.querySelectorAll("[data-listing]")]) {
    if (target.dataset?.listing && timers.get(target) !== 0) observer.observe(target);
  }
};

// The chat comes with its first call. What that answers can be awaited, and a stream be looped over.
export const chat = new Proxy({}, {
  get: (_, name) => name !== "then" && ((...rest) => {
    const answer = import(${chatModule}).then((chat) => chat.createChat(() => token)[name](...rest));
    answer[Symbol.asyncIterator] = async function* () { yield* await answer; };
    return answer;
  }),
});
`;

/** The module's own names, seen by nobody else: none is a property's, or a word in a string. */
const ownNames =
  "base random timer queue failed shown resolve post again answer seal fields soon flush requests leaving timers observer entries see root path rest"
    .split(" ");

/** As it is sent: without comments, spaces and names that only people need. */
export const clientSource = source.trim()
  .replace(/^\s*\/\/.*$/gm, "")
  .replace(/\s*([^\w\s])\s*/g, "$1")
  .replaceAll(";}", "}")
  .replace(/\((\w+)\)=>/g, "$1=>")
  .replace(/\w+/g, (word) => {
    const index = ownNames.indexOf(word);
    return index === -1 ? word : String.fromCharCode(97 + index);
  });
