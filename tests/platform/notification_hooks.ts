/**
 * What comes in about notifications, on every runtime: changes of rows, and the provider's word.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { Cloud } from "../../dev/cloud.ts";
import { authorized, ended, type PlatformCase } from "./calls.ts";

async function accepted(cloud: Cloud, path: string, headers: HeadersInit, body: string) {
  const response = await cloud.fetch(path, { method: "POST", headers, body });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return JSON.parse(text);
}

function signatureOf(cloud: Cloud, secret: string, body: string, prefix: string) {
  const id = `msg_${crypto.randomUUID()}`;
  const timestamp = String(Math.floor(cloud.clock.now() / 1_000));
  const signature = createHmac("sha256", Uint8Array.fromBase64(secret.replace("whsec_", "")))
    .update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: timestamp,
    [`${prefix}-signature`]: `v1,${signature}`,
  };
}

/** The mail of a listing that was approved, once its job has ended. */
async function sentMail(cloud: Cloud, { told }: { told: { id: string; event: string }[] }) {
  assert.deepEqual(told.map(({ event }) => event), ["listing.approved"]);
  const { result } = await ended(cloud, told[0].id);
  assert.equal(result.outcome, "accepted");
  return { id: told[0].id, providerId: result.providerId };
}

const listing = { title: "Loft at the canal", url: "https://market.example/locations/42" };

export const notificationHookCases: readonly PlatformCase[] = [
  {
    name: "a row that Supabase changed is told, and what the provider says of it is in the log",
    run: async (cloud) => {
      const id = crypto.randomUUID();
      const email = `${id}@example.com`;
      const record = { ...listing, id, owner_email: email, status: "approved" };
      const { environment } = cloud;
      const change = {
        type: "UPDATE",
        table: "locations",
        schema: "public",
        record,
        old_record: { ...record, status: "pending" },
      };
      const sent = await sentMail(
        cloud,
        await accepted(
          cloud,
          "/hooks/supabase",
          { authorization: `Bearer ${environment.WEBHOOK_SECRET_SUPABASE}` },
          JSON.stringify(change),
        ),
      );
      const event = JSON.stringify({
        type: "email.complained",
        created_at: new Date(cloud.clock.now()).toISOString(),
        data: { email_id: sent.providerId, to: [email] },
      });
      const headers = signatureOf(cloud, environment.WEBHOOK_SECRET_RESEND, event, "svix");
      assert.equal((await accepted(cloud, "/hooks/resend", headers, event)).deduplicated, false);
      const view = await cloud.fetch(`/api/notifications/${sent.id}`, {
        headers: authorized(cloud),
      });
      const { provider } = await view.json();
      assert(provider.some(({ type }: { type: string }) => type === "complained"));
      const held = await cloud.fetch(`/api/suppressions?email=${email}`, {
        headers: authorized(cloud),
      });
      const { suppressions: [{ scope, reason }] } = await held.json();
      assert.deepEqual({ scope, reason }, { scope: "all", reason: "complained" });
    },
  },
  {
    name: "a document that Payload changed is told",
    run: async (cloud) => {
      const id = crypto.randomUUID();
      const doc = { ...listing, id, owner: { email: `${id}@example.com` }, status: "approved" };
      const body = JSON.stringify({
        collection: "locations",
        operation: "update",
        doc,
        previousDoc: { ...doc, status: "pending" },
      });
      const secret = cloud.environment.WEBHOOK_SECRET_PAYLOAD;
      const headers = signatureOf(cloud, secret, body, "webhook");
      await sentMail(cloud, await accepted(cloud, "/hooks/payload", headers, body));
    },
  },
];
