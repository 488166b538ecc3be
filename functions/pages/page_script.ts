/**
 * The pages' script: keeps "5 min ago" true, and asks for the page anew when its tab is looked at
 * again. An idle page asks for nothing. Without scripts, pages work all the same.
 *
 * @module
 */
export const pageScript = `
const FRESH_MS = 5000;
const status = document.getElementById("freshness");
let now = Number(document.body.dataset.now);
let readAt = performance.now();
let asking = false;

const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const ago = (ms) => {
  let rest = Math.max(0, Math.round(ms / 1000));
  if (rest < 1) return "now";
  const first = units.findIndex(([, size]) => rest >= size);
  return units.slice(first, first + 2).map(([name, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count ? count + " " + name : "";
  }).filter(Boolean).join(" ") + " ago";
};
const showAges = () => {
  for (const time of document.querySelectorAll("[data-at]")) {
    time.textContent = ago(now + performance.now() - readAt - Number(time.dataset.at));
  }
};

// What is open stays open, what was entered too, and whoever works by keyboard stays where they were.
const swap = (fresh) => {
  const main = document.querySelector("main");
  const focused = document.activeElement;
  const isEntered = ({ value, defaultValue }) => value !== defaultValue;
  if ([...main.querySelectorAll("input")].some(isEntered)) return;
  for (const { id, selectedIndex } of main.querySelectorAll("select[id]")) {
    const select = fresh.querySelector("#" + id);
    if (select) select.selectedIndex = selectedIndex;
  }
  for (const { id } of main.querySelectorAll("details[open][id]")) {
    fresh.querySelector("#" + id)?.setAttribute("open", "");
  }
  const id = main.contains(focused) ? focused.id : "";
  main.replaceWith(fresh);
  document.querySelector(".notice")?.remove();
  if (id) document.getElementById(id)?.focus();
};
const refresh = async () => {
  if (asking || document.hidden || performance.now() - readAt < FRESH_MS) return;
  asking = true;
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    // The session is over: the sign-in comes in the place of the page.
    if (response.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    swap(document.importNode(page.querySelector("main"), true));
    now = Number(page.body.dataset.now);
    readAt = performance.now();
    status.textContent = "";
  } catch {
    status.textContent = "Could not be refreshed: this is how it was before.";
  } finally {
    asking = false;
    showAges();
  }
};

const here = new URL(location);
if (here.searchParams.has("notice")) {
  here.searchParams.delete("notice");
  history.replaceState(null, "", here);
}
document.addEventListener("visibilitychange", refresh);
addEventListener("focus", refresh);
setInterval(() => document.hidden || showAges(), 15000);
`;
