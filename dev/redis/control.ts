/**
 * The meter and the faults over HTTP, for tests that run in another process.
 *
 * No token is asked for, so pages of other sites are refused.
 *
 * @module
 */
import * as z from "zod";
import { isOwnRequest } from "../guard.ts";
import type { RedisFaults } from "./faults.ts";
import type { Meter } from "./meter.ts";

const common = {
  times: z.int().positive().optional(),
  commands: z.array(z.string()).optional(),
};

const Order = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("refuse"),
    status: z.literal([500, 502, 503, 504, 429]).optional(),
    ...common,
  }),
  z.strictObject({ kind: z.literal("quota"), ...common }),
  z.strictObject({
    kind: z.literal("delay"),
    ms: z.number().nonnegative(),
    clock: z.enum(["server", "real"]).optional(),
    ...common,
  }),
  z.strictObject({ kind: z.literal("disconnect"), ...common }),
  z.strictObject({ kind: z.literal("dropReply"), ...common }),
  z.strictObject({ kind: z.literal("cutStreams") }),
  z.strictObject({ kind: z.literal("muteStreams") }),
  z.strictObject({ kind: z.literal("loseScripts") }),
]);

/** What the control routes act on. */
export interface Controlled {
  meter: Meter;
  faults: RedisFaults;
}

/**
 * `GET /_meter` tells what was counted, `DELETE /_meter` starts at zero. `GET /_faults` lists
 * what waits, `POST /_faults` arms one or acts at once, `DELETE /_faults` disarms all.
 * `undefined` for any other path.
 */
export async function controlRoute(
  request: Request,
  path: string,
  { meter, faults }: Controlled,
): Promise<Response | undefined> {
  if (/^\/_(meter|faults)$/.test(path) && !isOwnRequest(request)) {
    return Response.json({ error: "Not for pages of another site" }, { status: 403 });
  }
  switch (`${request.method} ${path}`) {
    case "GET /_meter":
      return Response.json(meter.snapshot());
    case "DELETE /_meter":
      meter.reset();
      return Response.json(meter.snapshot());
    case "GET /_faults":
      return Response.json(faults.list());
    case "DELETE /_faults":
      faults.clear();
      return Response.json(faults.list());
    case "POST /_faults": {
      const order = Order.safeParse(await request.json().catch(() => undefined));
      if (!order.success) {
        return Response.json({ error: z.prettifyError(order.error) }, { status: 400 });
      }
      obey(order.data, faults);
      return Response.json(faults.list());
    }
    default:
      return path === "/_meter" || path === "/_faults"
        ? Response.json({ error: `${request.method} ${path} is not offered` }, { status: 405 })
        : undefined;
  }
}

function obey(order: z.infer<typeof Order>, faults: RedisFaults): void {
  switch (order.kind) {
    case "cutStreams":
      return faults.cutStreams();
    case "muteStreams":
      return faults.muteStreams();
    case "loseScripts":
      return faults.loseScripts();
    default:
      faults.add(order);
  }
}
