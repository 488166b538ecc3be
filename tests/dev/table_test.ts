import assert from "node:assert/strict";
import { dashboardsUrl } from "../../dev/table.ts";

Deno.test("the link to the dashboards holds dev's own token, and none that a person has set", () => {
  const appUrl = "http://127.0.0.1:8787";
  assert.equal(dashboardsUrl(appUrl, "dev-token"), `${appUrl}/admin/sign-in#dev-token`);
  assert.equal(dashboardsUrl(appUrl, undefined), `${appUrl}/admin`);
});
