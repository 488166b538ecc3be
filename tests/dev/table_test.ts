import assert from "node:assert/strict";
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
