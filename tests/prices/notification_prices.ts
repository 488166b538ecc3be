/**
 * What it costs to tell somebody: a mail is a job, however many events it tells of.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

const mail = { commands: 2, messages: 1, trips: 2 };
const address = "ada@mail.example";
const link = "https://market.example/7";
const message = { event: "message.new", data: { from: "Ben", text: "Hello", url: link } };
const reset = { event: "user.reset.start", data: { url: link } };

async function tell({ cloud }: World, body: { event: string; [option: string]: unknown }) {
  const response = await cloud.fetch("/api/notifications", {
    method: "POST",
    headers: { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify({ to: { email: address }, ...body }),
  });
  assert.equal(response.status, 202, await response.text());
}

/** Tells, and lets everything happen that follows; there are then so many mails. */
async function tellAll(
  world: World,
  bodies: Parameters<typeof tell>[1][],
  mails: number,
): Promise<void> {
  for (const body of bodies) await tell(world, body);
  await world.cloud.advance("25h");
  assert.equal(world.cloud.mail.mails().length, mails);
}

const notification: PriceRow = {
  operation: "a notification",
  ...mail,
  postgres: true,
  run: (world) => tellAll(world, [reset], 1),
};

/** Rows of the price list. */
export const notificationPrices: readonly PriceRow[] = [
  notification,
  {
    operation: "five new messages to one person within ten minutes",
    ...mail,
    postgres: true,
    run: (world) => tellAll(world, Array.from({ length: 5 }, () => message), 1),
  },
  {
    operation: "the digest of a day, however many lines it has",
    ...mail,
    postgres: true,
    run: (world) => {
      const data = { name: "Ben", url: link };
      const event = { event: "admin.user.new", data, delivery: "digest" };
      return tellAll(world, Array.from({ length: 9 }, () => event), 1);
    },
  },
  {
    operation: "a notification to whoever is held back",
    ...mail,
    postgres: true,
    prepare: async (world) => {
      world.cloud.mail.faults.add({ kind: "address" });
      await tellAll(world, [reset], 0);
    },
    run: (world) => tellAll(world, [reset], 0),
  },
  {
    operation: "a notification told again within ten minutes, beyond the first",
    commands: 0,
    messages: 0,
    trips: 0,
    beyond: mail,
    postgres: true,
    run: (world) => {
      const told = { ...reset, dedupeId: "once" };
      return tellAll(world, [told, told], 1);
    },
  },
  {
    operation: "a notification told again later",
    ...mail,
    postgres: true,
    prepare: async (world) => {
      await tell(world, { ...reset, dedupeId: "once" });
      await world.cloud.advance("1h");
    },
    run: async (world) => {
      await tell(world, { ...reset, dedupeId: "once" });
      await world.cloud.advance("1h");
      assert.equal(world.cloud.mail.mails().length, 1);
    },
  },
  {
    operation: "a changed row that lacks something, kept as a dead letter",
    commands: 0,
    messages: 2,
    trips: 0,
    postgres: true,
    run: async ({ cloud }) => {
      const response = await cloud.fetch("/hooks/supabase", {
        method: "POST",
        headers: { authorization: `Bearer ${cloud.environment.WEBHOOK_SECRET_SUPABASE}` },
        body: JSON.stringify({
          type: "INSERT",
          table: "favorites",
          schema: "public",
          record: { id: 1, listing_id: 42 },
          old_record: null,
        }),
      });
      assert.equal((await response.json()).letters.length, 1);
      await cloud.advance("1h");
    },
  },
  {
    operation: "a 429 of the mail provider, beyond the notification",
    commands: 1,
    messages: 1,
    trips: 1,
    beyond: mail,
    postgres: true,
    prepare: ({ cloud }) => Promise.resolve(cloud.mail.faults.add({ kind: "limit" })),
    run: notification.run,
  },
  {
    operation: "any other failure of the mail provider, beyond the notification",
    commands: 2,
    messages: 1,
    trips: 2,
    beyond: mail,
    postgres: true,
    prepare: ({ cloud }) => Promise.resolve(cloud.mail.faults.add({ kind: "dropReply" })),
    run: notification.run,
  },
];
