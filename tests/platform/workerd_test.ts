/**
 * The app under workerd, as Cloudflare runs it, on real time.
 *
 * @module
 */
import { createCloud } from "../../dev/cloud.ts";
import { needs } from "../support/needs.ts";
import { startWorker } from "../support/workerd.ts";
import { startDatabase } from "../support/database.ts";
import { testPlatform } from "./suite.ts";

testPlatform({
  name: "workerd",
  ...needs("workerd"),
  open: async () => {
    const postgres = await startDatabase();
    const cloud = await createCloud({
      clock: "wall",
      anyOrigin: true,
      environment: { DATABASE_URL: postgres.url },
      app: () => ({ fetch: () => new Response("workerd is starting", { status: 503 }) }),
    });
    const worker = await startWorker({ ...cloud.environment });
    // The cloud's address is the one that deliveries are signed for; it passes everything on.
    cloud.restart(() => ({ fetch: (request) => pass(request, worker.url) }));
    return {
      cloud,
      close: async () => {
        await cloud.close();
        await worker.close();
        await postgres.close();
      },
    };
  },
});

function pass(request: Request, to: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  return fetch(new Request(`${to}${pathname}${search}`, request), { redirect: "manual" });
}
