import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { defineEvent } from "../../functions/notifications/event.ts";
import { type EventName, eventNames } from "../../functions/notifications/events/names.ts";
import { eventOf } from "../../functions/notifications/sending/event_of.ts";
import { type LogFields, readConfig } from "../../shared/mod.ts";

/** Fields that act for whoever has them: a link that sets a password, claims, restores, answers; a code at the door. */
const SECRET_FIELDS: Partial<Record<EventName, readonly string[]>> = {
  "user.welcome": ["url"],
  "user.welcome.client": ["url"],
  "user.welcome.host": ["url"],
  "user.welcome.organizer": ["url"],
  "user.welcome.provider": ["url"],
  "user.reset.start": ["url"],
  "user.reset.confirmed": ["url"],
  "account.verification-rejected": ["url"],
  "account.deleted": ["url"],
  "listing.claim.invitation": ["url"],
  "claim.rejected": ["url"],
  "event.participation.reminder": ["url"],
  "event.participation.confirmed": ["url", "code"],
};

Deno.test("what acts for its recipient is a secret of its event, and of no other", () => {
  for (const name of eventNames) {
    assert.deepEqual(eventOf(name).secrets ?? [], SECRET_FIELDS[name] ?? [], name);
  }
});

Deno.test("an event with secrets waits with no others in a table", () => {
  const event = {
    description: "",
    data: z.object({ url: z.url() }),
    urgency: "bulk" as const,
    secrets: ["url"] as const,
    mail: () => ({ subject: "", blocks: [] }),
    sample: { url: "https://market.example" },
  };
  assert.throws(() => defineEvent({ ...event, digestLine: ({ url }) => url }), TypeError);
  const collapse = { withinMs: 1_000, mail: () => ({ subject: "", blocks: [] }) };
  assert.throws(() => defineEvent({ ...event, collapse }), TypeError);
});

Deno.test("a secret of a mail stands in the mail, and neither in QStash, Postgres nor the log", async () => {
  const lines: unknown[] = [];
  const line = (event: string, fields?: LogFields) => void lines.push({ event, ...fields });
  let deps: ReturnType<typeof createDeps> | undefined;
  await using cloud = await createCloud({
    postgres: true,
    app: (settings) => {
      deps = createDeps(readConfig(settings), { log: { info: line, warn: line, error: line } });
      return createApp(deps);
    },
  });
  const secrets: string[] = [];
  for (const [index, name] of (Object.keys(SECRET_FIELDS) as EventName[]).entries()) {
    const url = `https://market.example/act?token=tok3n-${index}-9b1e`;
    const code = SECRET_FIELDS[name]!.includes("code") ? { code: "K7P-4MX" } : {};
    secrets.push(`tok3n-${index}-9b1e`, ...Object.values(code));
    const response = await cloud.fetch("/api/notifications", {
      method: "POST",
      headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
      body: JSON.stringify({
        event: name,
        to: { email: `ada${index}@example.com` },
        data: { ...eventOf(name).sample as object, url, ...code },
        dedupeId: "one",
      }),
    });
    assert.equal(response.status, 202, await response.text());
  }
  cloud.mail.faults.add({ kind: "refuse", status: 500, times: 4 });
  await cloud.advance("1h");
  const mails = JSON.stringify(cloud.mail.mails());
  const tables = await Promise.all(
    [
      "notifications",
      "notification_items",
      "mail_events",
      "dead_letters",
      "effects",
    ].map((table) => deps!.database!.query(`SELECT * FROM ${table}`)),
  );
  const kept = JSON.stringify([
    cloud.qstash.logs().map(({ body, responseBody, ...rest }) => [
      rest,
      atob(`${body ?? ""}`),
      atob(`${responseBody ?? ""}`),
    ]),
    cloud.qstash.deadLetters(),
    tables,
    lines,
  ]);
  assert.deepEqual(secrets.filter((secret) => !mails.includes(secret)), []);
  assert.deepEqual(secrets.filter((secret) => kept.includes(secret)), []);
  await deps!.database!.close();
});
