/**
 * The page's script: asks our own server for the page's live part once a second while it is
 * seen, swaps the sections that changed, and sends the buttons' forms without leaving.
 *
 * Without it everything still works, by plain forms and reloading.
 *
 * @module
 */
export const PAGE_SCRIPT = `
(() => {
  const notice = document.getElementById("notice");
  const status = document.getElementById("status");
  let now = Number(document.body.dataset.now);
  let readAt = performance.now();
  const ticking = document.body.dataset.ticking === "true";
  const clockNow = () => now + (ticking ? performance.now() - readAt : 0);

  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  function relative(ms) {
    const seconds = Math.round(Math.abs(ms) / 1000);
    if (seconds < 1) return "now";
    const first = units.findIndex(([, size]) => seconds >= size);
    let rest = seconds;
    const text = units.slice(first, first + 2).map(([name, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count ? count + " " + name : "";
    }).filter(Boolean).join(" ");
    return ms > 0 ? "in " + text : text + " ago";
  }
  function showTimes() {
    const clock = document.getElementById("clock-now");
    if (clock) clock.textContent = new Date(clockNow()).toISOString().slice(0, 19).replace("T", " ");
    for (const time of document.querySelectorAll("time[data-at]")) {
      const text = relative(Number(time.dataset.at) - clockNow());
      if (time.textContent !== text) time.textContent = text;
    }
  }

  const shown = new Map();
  function swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const focused = document.activeElement;
    for (const next of fresh.querySelectorAll("[data-part]")) {
      const old = document.querySelector('[data-part="' + next.dataset.part + '"]');
      const name = next.dataset.part;
      if (!old || shown.get(name) === next.outerHTML) continue;
      const had = old.contains(focused);
      const made = document.importNode(next, true);
      shown.set(name, next.outerHTML);
      old.replaceWith(made);
      // Whoever works by keyboard stays where they were, or at the section's title.
      if (had) (document.getElementById(focused.id) ?? made.querySelector("h2") ?? made).focus();
    }
    showTimes();
  }

  function showStatus(text, kind) {
    // Writing it anew would make screen readers say it every second.
    if (status.textContent === text) return;
    status.textContent = text;
    status.className = kind;
  }

  let timer;
  async function refresh() {
    clearTimeout(timer);
    try {
      const response = await fetch(document.body.dataset.live);
      if (!response.ok) throw new Error(String(response.status));
      const html = await response.text();
      now = Number(response.headers.get("x-now"));
      readAt = performance.now();
      swap(html);
      showStatus("Live", "");
    } catch {
      // The server is restarting or was stopped: say so, and go on asking.
      showStatus("The server does not answer; still trying", "lost");
    }
    // A button may have asked at the same time: one timer for both.
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, 1000);
  }
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) refresh();
  });

  let fading;
  function say(text) {
    notice.textContent = text;
    clearTimeout(fading);
    fading = setTimeout(() => { notice.textContent = ""; }, 5000);
  }
  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    try {
      const response = await fetch(event.target.action, {
        method: "POST",
        headers: { accept: "text/plain" },
      });
      say(await response.text());
    } catch {
      say("The server does not answer");
    }
    button.disabled = false;
    button.focus();
    await refresh();
  });

  if (notice.textContent) say(notice.textContent);
  history.replaceState(null, "", location.pathname + location.search.replace(/[?&]notice=[^&]*/, ""));
  setInterval(() => { if (!document.hidden) showTimes(); }, 1000);
  refresh();
})();
`;
