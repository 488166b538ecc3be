/**
 * The inbox's script: says by one open stream when to look anew, and opens mails and searches
 * without leaving the page. Idle, it asks for nothing.
 *
 * Without it everything still works, by links, forms and reloading.
 *
 * @module
 */
export const INBOX_SCRIPT = `
(() => {
  const status = document.getElementById("status");
  const main = document.getElementById("mail");
  const scroller = document.querySelector(".panes > nav");
  const search = document.querySelector("input[type=search]");
  let isPhone = false;

  function swapParts(fresh) {
    const focused = document.activeElement?.id;
    const before = scroller.scrollHeight;
    for (const next of fresh.querySelectorAll("[data-part]")) {
      const old = document.querySelector('[data-part="' + next.dataset.part + '"]');
      if (old && old.innerHTML !== next.innerHTML) old.innerHTML = next.innerHTML;
    }
    // Whoever reads further down stays where they are while mail comes in above.
    if (scroller.scrollTop > 0) scroller.scrollTop += scroller.scrollHeight - before;
    if (focused && document.activeElement === document.body) {
      document.getElementById(focused)?.focus({ preventScroll: true });
    }
    document.title = fresh.title;
  }

  async function read(url) {
    const response = await fetch(url, { headers: { accept: "text/html" } });
    if (!response.ok) throw new Error(String(response.status));
    status.textContent = "";
    return new DOMParser().parseFromString(await response.text(), "text/html");
  }

  function fail() {
    status.textContent = "The server does not answer; still trying";
  }

  // One look at a time: what changes meanwhile is seen by one more.
  let looking = false;
  let wanted = false;
  async function look() {
    wanted = true;
    if (looking || document.hidden) return;
    looking = true;
    while (wanted) {
      wanted = false;
      const url = location.href;
      try {
        const fresh = await read(url);
        if (url === location.href) swapParts(fresh);
      } catch {
        fail();
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    looking = false;
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && wanted) look();
  });

  let newest = 0;
  async function show(url) {
    const mine = ++newest;
    try {
      const fresh = await read(url);
      if (mine !== newest) return;
      swapParts(fresh);
      main.replaceChildren(...document.importNode(fresh.getElementById("mail"), true).childNodes);
      document.body.className = fresh.body.className;
      main.scrollTop = 0;
      const phone = document.getElementById("phone");
      if (phone) phone.checked = isPhone;
    } catch {
      fail();
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
    if (!link || !plain || link.origin !== location.origin || link.pathname !== "/" || link.hash) return;
    event.preventDefault();
    const focused = link.id;
    history.pushState(null, "", link.href);
    if (new URL(link.href).search === "") search.value = "";
    show(link.href).then(() => document.getElementById(focused)?.focus({ preventScroll: true }));
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "phone") isPhone = event.target.checked;
  });
  addEventListener("popstate", () => {
    search.value = new URL(location.href).searchParams.get("search") ?? "";
    show(location.href);
  });

  let typing;
  function find() {
    clearTimeout(typing);
    const url = new URL("/", location.href);
    if (search.value.trim()) url.searchParams.set("search", search.value.trim());
    history.replaceState(null, "", url);
    show(url.href);
  }
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(find, 150);
  });
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  document.getElementById("delete").addEventListener("submit", (event) => {
    if (!confirm("Delete all mails?")) event.preventDefault();
  });

  const events = new EventSource("/inbox/events");
  let opened = false;
  events.onopen = () => {
    // After the first time it was away, and what came meanwhile was not told.
    if (opened) look();
    opened = true;
    status.textContent = "";
  };
  events.onmessage = look;
  events.onerror = fail;
})();
`;
