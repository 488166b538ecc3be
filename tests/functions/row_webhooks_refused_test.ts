import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { approved } from "./row_webhooks_samples.ts";
import {
  createRowWorld,
  PAYLOAD_SECRET,
  payloadRequest,
  post,
  type Sender,
  SUPABASE_SECRET,
  supabaseRequest,
} from "./row_webhooks_world.ts";
import { signStandard } from "./standard_signature.ts";

type Init = RequestInit & { headers: Record<string, string> };
const refused: {
  name: string;
  sender: Sender;
  code: string;
  change: (init: Init, now: number) => unknown;
}[] = [
  {
    name: "without a token",
    sender: "supabase",
    code: "token_missing",
    change: ({ headers }) => delete headers.Authorization,
  },
  {
    name: "with another token",
    sender: "supabase",
    code: "token_invalid",
    change: ({ headers }) => headers.Authorization = `Bearer ${SUPABASE_SECRET}s`,
  },
  {
    name: "with a backend's token",
    sender: "supabase",
    code: "token_invalid",
    change: ({ headers }) => headers.Authorization = "Bearer dev-service-token",
  },
  {
    name: "without a table",
    sender: "supabase",
    code: "body_invalid",
    change: (init) => init.body = JSON.stringify({ type: "INSERT", record: { id: 1 } }),
  },
  {
    name: "without its row",
    sender: "supabase",
    code: "body_invalid",
    change: (init) => init.body = String(init.body).replace(/"record":\{[^}]*\}/, '"record":null'),
  },
  {
    name: "that is not JSON",
    sender: "supabase",
    code: "body_malformed",
    change: (init) => init.body = "{",
  },
  {
    name: "without a signature",
    sender: "payload",
    code: "signature_missing",
    change: ({ headers }) => delete headers["webhook-signature"],
  },
  {
    name: "with the token of Supabase",
    sender: "payload",
    code: "signature_missing",
    change: (init) => init.headers = { Authorization: `Bearer ${SUPABASE_SECRET}` },
  },
  {
    name: "with another body",
    sender: "payload",
    code: "signature_invalid",
    change: (init) => init.body += " ",
  },
  {
    name: "signed by another",
    sender: "payload",
    code: "signature_invalid",
    change: async (init, atMs) =>
      Object.assign(
        init,
        await signStandard({ secret: "whsec_AAAA", body: String(init.body), atMs }),
      ),
  },
  {
    name: "6 minutes old",
    sender: "payload",
    code: "signature_expired",
    change: async (init, now) => Object.assign(init, await payloadRequest(now - 360_000, approved)),
  },
  {
    name: "of an update without what was before",
    sender: "payload",
    code: "body_invalid",
    change: async (init, atMs) => {
      const body = JSON.stringify({
        collection: "listings",
        operation: "update",
        doc: approved.row,
      });
      Object.assign(init, await signStandard({ secret: PAYLOAD_SECRET, body, atMs }));
    },
  },
];

for (const engine of postgresEngines()) {
  engine.test("no change that is forged, expired or malformed tells anybody", async () => {
    await using world = await createRowWorld(engine.database(), engine.url());
    const now = world.cloud.clock.now();
    for (const { name, sender, code, change } of refused) {
      const init = sender === "supabase"
        ? supabaseRequest(approved)
        : await payloadRequest(now, approved);
      await change(init, now);
      const { body } = await post(world, sender, init);
      assert.equal(body.code, code, `${sender}, ${name}: ${body.detail}`);
    }
    assert.equal(world.cloud.qstash.messages().length, 0);
  });
}
