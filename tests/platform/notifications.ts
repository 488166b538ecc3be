/**
 * Notifications on every runtime: told, sent, unsubscribed from.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Cloud } from "../../dev/cloud.ts";
import { authorized, ended, type PlatformCase, until } from "./calls.ts";

function tell(cloud: Cloud, event: string, email: string, data: unknown): Promise<Response> {
  return cloud.fetch("/api/notifications", {
    method: "POST",
    headers: { ...authorized(cloud), "content-type": "application/json" },
    body: JSON.stringify({ event, to: { email, timeZone: "Europe/Berlin" }, data }),
  });
}

export const notificationCases: readonly PlatformCase[] = [
  {
    name: "a notification is told, sent by its job, and found in the log",
    run: async (cloud) => {
      const email = `${crypto.randomUUID()}@example.com`;
      const url = "https://market.example/reset/4f7c2a";
      const told = await tell(cloud, "user.reset.start", email, { url });
      assert.equal(told.status, 202, await told.clone().text());
      const { id } = await told.json();
      const job = await ended(cloud, id);
      assert.equal(job.result.outcome, "accepted");
      const [mail] = cloud.mail.mails().filter(({ to }) => to[0] === email);
      assert.ok(mail.html!.includes(url) && mail.text!.includes(url));
      const view = await cloud.fetch(`/api/notifications/${id}`, { headers: authorized(cloud) });
      assert.equal((await view.json()).outcome, "accepted");
    },
  },
  {
    name: "a mail's one click unsubscribes, and what is told after it is not sent",
    run: async (cloud) => {
      const email = `${crypto.randomUUID()}@example.com`;
      const message = { from: "Ben", text: "Hello", url: "https://market.example/messages/7" };
      const send = async () => {
        const response = await cloud.fetch("/api/notifications", {
          method: "POST",
          headers: { ...authorized(cloud), "content-type": "application/json" },
          body: JSON.stringify({ event: "message.new", to: { email }, data: message, delayMs: 1 }),
        });
        assert.equal(response.status, 202, await response.clone().text());
        return (await response.json()).id;
      };
      assert.equal((await ended(cloud, await send())).result.outcome, "accepted");
      const [mail] = await until(
        () => Promise.resolve(cloud.mail.mails().filter(({ to }) => to[0] === email)),
        (mails) => mails.length > 0,
      );
      const link = /^<(.+)>$/.exec(mail.headers["List-Unsubscribe"])![1];
      const { pathname, search } = new URL(link);
      const clicked = await cloud.fetch(pathname + search, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "List-Unsubscribe=One-Click",
      });
      assert.equal(clicked.status, 200, await clicked.clone().text());
      await clicked.body?.cancel();
      assert.equal((await ended(cloud, await send())).result.outcome, "unsubscribed");
    },
  },
];
