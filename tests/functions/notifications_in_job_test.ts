import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import type { AppRegistry } from "../../functions/jobs/registry.ts";
import { notifyInJob } from "../../functions/notifications/notify_in_job.ts";
import { defineJob, readConfig } from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";

Deno.test("what a job tells is told once, however often its attempts fail", async () => {
  await using cloud = await createCloud({
    postgres: true,
    app: (settings) => {
      const config = readConfig(settings);
      const tellOwners = defineJob({
        name: "owners.tell",
        input: z.object({ owners: z.array(z.email()) }),
        retries: 3,
        backoff: { first: 1_000 },
        async run({ owners }, context) {
          const url = "https://market.example/messages/7";
          for (const email of owners) {
            for (const from of ["Ada", "Ben"]) {
              const data = { from, text: "Hello", url };
              await notifyInJob(context, config, "message.new", { email }, data);
            }
            const link = { url: "https://market.example/reset/4f7c2a" };
            await notifyInJob(context, config, "user.reset.start", { email }, link);
            const another = { url: "https://market.example/reset/9b1e5d" };
            await notifyInJob(context, config, "user.reset.start", { email }, another);
          }
          if (context.attempt < 2) throw new Error("Told to fail");
        },
      });
      const add = (own: AppRegistry) => ({ ...own, "owners.tell": tellOwners });
      return createApp(createDeps(config, { log: silentLog }, add));
    },
  });
  const response = await cloud.fetch("/api/jobs/owners.tell", {
    method: "POST",
    headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify({ input: { owners: ["one@example.com", "two@example.com"] } }),
  });
  assert.equal(response.status, 202, await response.text());
  await cloud.advance("1h");
  const subjects = cloud.mail.mails().map(({ to, subject }) => `${to} ${subject}`).sort();
  assert.equal(subjects.length, 6, subjects.join("\n"));
  assert.equal(subjects.filter((subject) => /2 new messages/.test(subject)).length, 2);
});
