/**
 * The least that counts a view: a hono handler that makes one Redis call, for view_endpoint.ts to
 * compare with. It checks nothing, knows nobody, arms no flush and has no word for a failure.
 *
 * @module
 */
import { Hono } from "hono";

interface Settings {
  REDIS_URL: string;
  REDIS_TOKEN: string;
}

const app = new Hono<{ Bindings: Settings }>()
  .post("/api/metrics/views", async (c) => {
    const { kind, id, session } = await c.req.json();
    const response = await fetch(c.env.REDIS_URL, {
      method: "POST",
      headers: { Authorization: `Bearer ${c.env.REDIS_TOKEN}` },
      body: JSON.stringify(["SADD", "bare:views", `${session}:${kind}:${id}`]),
    });
    const { result } = await response.json() as { result: number };
    return c.json({ outcome: result === 1 ? "counted" : "repeated" });
  });

export default app;

if (import.meta.main) {
  const settings = Deno.env.toObject() as unknown as Settings;
  Deno.serve((request) => app.fetch(request, settings));
}
