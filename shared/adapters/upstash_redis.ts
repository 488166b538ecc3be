/**
 * The Redis port over Upstash's REST API.
 *
 * One round trip for each call, never shared with another caller's. Fails as the port says.
 *
 * @module
 */
import { RedisCommandError, RedisSizeError } from "../errors.ts";
import type { Redis, RedisCommand, RedisTally, RedisValue } from "../ports.ts";
import { commandName } from "../core/redis_policy.ts";
import {
  createUpstashTransport,
  type RedisReply,
  type UpstashTransport,
  type UpstashTransportOptions,
} from "./upstash_transport.ts";

const TOO_LARGE = /max request size exceeded/i;

/** Makes a Redis; build it once, and give each request a `tallied` view of it. */
export function createUpstashRedis(options: UpstashTransportOptions): Redis {
  return redisOver(createUpstashTransport(options));
}

/** The port on a transport that others may use as well. */
export function redisOver(transport: UpstashTransport, tally?: RedisTally): Redis {
  return {
    async run(command, options) {
      const [reply] = await transport.send("command", [command], { ...options, tally });
      return valueOf(command, reply);
    },
    async pipeline(commands, options) {
      const replies = await transport.send("pipeline", commands, { ...options, tally });
      return commands.map((command, index) => valueOf(command, replies[index]));
    },
    async transaction(commands, options) {
      const replies = await transport.send("transaction", commands, { ...options, tally });
      return commands.map((command, index) => valueOf(command, replies[index]));
    },
    subscribe: (channel, { signal }) => transport.subscribe(channel, { signal, tally }),
    tallied: (into) => redisOver(transport, into),
  };
}

function valueOf(command: RedisCommand, reply: RedisReply): RedisValue {
  if (reply.error === undefined) return reply.result;
  const message = `Cannot run ${commandName(command)}: ${redacted(reply.error)}`;
  if (TOO_LARGE.test(reply.error)) throw new RedisSizeError(message);
  throw new RedisCommandError(message);
}

/** Redis quotes arguments and keys in some of its errors; they stay out of ours. */
function redacted(error: string): string {
  return error.replace(/,? ?(with args beginning with|key was|command was):.*$/is, "").slice(
    0,
    200,
  );
}
