/**
 * Changes of rows as Supabase and Payload send them, to the whole system.
 *
 * @module
 */
import type { Database } from "../../shared/mod.ts";
import {
  createNotificationsWorld,
  type NotificationsWorld,
  type NotificationsWorldOptions,
} from "./notifications_world.ts";
import { signStandard } from "./standard_signature.ts";

export const SUPABASE_SECRET = "secret-of-a-database";
export const PAYLOAD_SECRET = "whsec_c2VjcmV0LW9mLWEtcGF5bG9hZC1wcm9qZWN0";
export const ADMIN = "root@market.example";
export const SITE = "https://market.example";

/** A change in the shape that Payload has; Supabase's is made of it. */
export interface RowChange {
  collection: string;
  operation?: "create" | "update" | "delete";
  row: Record<string, unknown>;
  /** The columns that were otherwise. */
  before?: Record<string, unknown>;
}

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = { status: number; body: any };

export type Sender = "supabase" | "payload";
export const senders: readonly Sender[] = ["supabase", "payload"];

export function createRowWorld(
  database: Database,
  url: string,
  { environment, ...options }: NotificationsWorldOptions = {},
): Promise<NotificationsWorld> {
  return createNotificationsWorld(database, url, {
    ...options,
    environment: {
      WEBHOOK_SECRET_SUPABASE: SUPABASE_SECRET,
      WEBHOOK_SECRET_PAYLOAD: PAYLOAD_SECRET,
      ADMIN_EMAILS: ADMIN,
      SITE_URL: SITE,
      ...environment,
    },
  });
}

/** Sends the change as this sender does. */
export async function sendChange(
  world: NotificationsWorld,
  sender: Sender,
  change: RowChange,
): Promise<Answer> {
  const init = sender === "supabase"
    ? supabaseRequest(change)
    : await payloadRequest(world.cloud.clock.now(), change);
  return await post(world, sender, init);
}

export async function post(
  world: NotificationsWorld,
  sender: Sender,
  init: RequestInit,
): Promise<Answer> {
  const response = await world.cloud.fetch(`/hooks/${sender}`, { method: "POST", ...init });
  return { status: response.status, body: await response.json() };
}

/** What Supabase's webhook sends: flat columns, null for what is not there. */
export function supabaseRequest(
  { collection, operation = "create", row, before }: RowChange,
): RequestInit & { headers: Record<string, string> } {
  const record = { ...columnsOf(row), unused: null };
  return {
    method: "POST",
    headers: { Authorization: `Bearer ${SUPABASE_SECRET}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      type: { create: "INSERT", update: "UPDATE", delete: "DELETE" }[operation],
      table: collection,
      schema: "public",
      record: operation === "delete" ? null : record,
      old_record: operation === "create" ? null : { ...record, ...columnsOf(before ?? {}) },
    }),
  };
}

/** What the README's hook sends: related documents, and an empty document before a new one. */
export function payloadRequest(
  atMs: number,
  { collection, operation = "create", row, before }: RowChange,
) {
  const previousDoc = operation === "update" ? { ...row, ...before } : {};
  const body = JSON.stringify({ collection, operation, doc: row, previousDoc });
  return signStandard({ secret: PAYLOAD_SECRET, atMs, body });
}

/** `{ owner: { timeZone } }` is the column `owner_time_zone`. */
function columnsOf(row: Record<string, unknown>, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      const column = prefix + name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(columnsOf(value as Record<string, unknown>, `${column}_`))
        : [[column, value]];
    }),
  );
}
