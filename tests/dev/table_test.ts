import assert from "node:assert/strict";
import { shownOrigin } from "../../dev/own_page.ts";
import { chatUrl, dashboardsUrl } from "../../dev/table.ts";

Deno.test("the link to the dashboards holds dev's own token, and none that a person has set", () => {
  const appUrl = "http://127.0.0.1:8787";
  assert.equal(dashboardsUrl(appUrl, "dev-token"), `${appUrl}/admin/sign-in#dev-token`);
  assert.equal(dashboardsUrl(appUrl, undefined), `${appUrl}/admin`);
});

Deno.test("the link to the chat holds a token that dev signed, and none of a person's own users", () => {
  const appUrl = "http://127.0.0.1:8787";
  assert.equal(chatUrl(appUrl, "a.b.c"), `${appUrl}/chat#token=a.b.c`);
  assert.equal(chatUrl(appUrl, undefined), `${appUrl}/chat`);
});

/** What a page of dev, the table or the README prints for people to paste. */
const printed = ["README.md", "dev/table.ts", "dev/main.ts", "dev/local_cloud.ts"].concat(
  ["page_resources.tsx", "page_views.tsx", "page.tsx"].map((name) => `dev/qstash/${name}`),
  ["inbox_page.tsx"].map((name) => `dev/mail/${name}`),
);
Deno.test("a page prints the address of its server by that name, however it was called", () => {
  assert.equal(shownOrigin("http://localhost:8080/?x=1"), "http://127.0.0.1:8080");
  assert.equal(shownOrigin("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
  assert.equal(shownOrigin("https://devbox.test/"), "https://devbox.test");
});

Deno.test("this machine has one name in all that is printed: who signs in at one is signed in", async () => {
  for (const path of printed) {
    const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    assert.doesNotMatch(text, /\blocalhost:\d/, path);
  }
});
