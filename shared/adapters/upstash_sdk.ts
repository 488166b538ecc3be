/**
 * The vendor's own Redis client on our transport, for packages that ask for one (rate limiting).
 *
 * @module
 */
import { Redis as SdkRedis } from "@upstash/redis";
import { CommandRefusedError } from "../errors.ts";
import type { RedisCommand, RedisTally } from "../ports.ts";
import type { RedisForm, UpstashTransport } from "./upstash_transport.ts";

const forms: Readonly<Record<string, RedisForm>> = {
  "": "command",
  "pipeline": "pipeline",
  "multi-exec": "transaction",
};

/** What the SDK hands to its requester, as far as we answer it. */
interface SdkRequest {
  path?: string[];
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * Makes an unmodified @upstash/redis client that sends nothing by itself.
 *
 * A Redis error reaches the SDK as its own `UpstashError`; everything else throws as the
 * transport does. It cannot subscribe. Auto-pipelining is off, as always with a requester.
 */
export function createSdkRedis(transport: UpstashTransport, tally?: RedisTally): SdkRedis {
  return new SdkRedis({
    async request(request: SdkRequest) {
      const form = forms[request.path?.join("/") ?? ""];
      if (form === undefined) throw new CommandRefusedError(request.path?.[0] ?? "");
      const commands = (form === "command" ? [request.body] : request.body) as RedisCommand[];
      const replies = await transport.send(form, commands, { tally });
      // deno-lint-ignore no-explicit-any -- the SDK types one answer, and takes an array for many
      return (form === "command" ? replies[0] : replies) as any;
    },
  });
}
