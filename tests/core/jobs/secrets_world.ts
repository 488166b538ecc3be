/**
 * A cloud with jobs that carry secrets, and a look at everything that is kept, sent or logged.
 *
 * @module
 */
import * as z from "zod";
import { type Cloud, createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import {
  defineJob,
  ImportWatch,
  type JobContext,
  type LogFields,
  NonRetryableError,
  readConfig,
  type Registry,
} from "../../../shared/mod.ts";

export const LINK = "https://market.example/reset?token=4f7c2a91&to=ada%40market.example";

/** What a handler does with its input; replaced by a test. */
export type Run = (input: { to: string; link: string }, context: JobContext) => unknown;

export interface SecretsWorld extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps<Registry>;
  lines: (LogFields & { event: string })[];
  /** Each input as a handler got it. */
  got: unknown[];
  run: Run;
  /** Every place outside handlers in which the text stands. */
  placesOf(text: string): Promise<string[]>;
  api(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  /** Starts the app anew, with other keys. */
  withKeys(keys: string): void;
}

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = { status: number; json: any };

const Link = z.object({ to: z.string(), link: z.url() });

function createRegistry(world: { got: unknown[]; run: Run }) {
  const run = async (input: { to: string; link: string }, context: JobContext) => {
    world.got.push(input);
    return await world.run(input, context);
  };
  const common = { input: Link, retries: 1, backoff: { first: 1_000 }, timeoutMs: 30_000 };
  return {
    "link.send": defineJob({ ...common, name: "link.send", secrets: ["link"], run }),
    "link.open": defineJob({ ...common, name: "link.open", run }),
    "link.many": defineJob({
      name: "link.many",
      input: z.object({ people: z.array(z.object({ name: z.string(), pin: z.number() })) }),
      secrets: ["people.*.pin"],
      run(input) {
        world.got.push(input);
        throw new NonRetryableError(`Cannot dial ${input.people[1].pin}`);
      },
    }),
  } satisfies Registry;
}

export async function createSecretsWorld(
  options: { postgres?: boolean } = {},
): Promise<SecretsWorld> {
  const lines: SecretsWorld["lines"] = [];
  const line = (event: string, fields: LogFields = {}) => void lines.push({ event, ...fields });
  const world = { got: [] as unknown[], run: (() => ({ sent: true })) as Run };
  let deps: Deps<Registry> | undefined;
  const appWith = (own: Record<string, string>) => (environment: Record<string, string>) => {
    deps = createDeps<Registry>(
      readConfig({ ...environment, ...own }),
      { importWatch: ImportWatch.off(), log: { info: line, warn: line, error: line } },
      (all) => ({ ...all, ...createRegistry(world) }),
    );
    return createApp(deps);
  };
  const cloud = await createCloud({ ...options, app: appWith({}) });
  const redis = async (...command: (string | number)[]) => {
    const response = await fetch(cloud.environment.UPSTASH_REDIS_REST_URL, {
      method: "POST",
      headers: { authorization: `Bearer ${cloud.redis.token}` },
      body: JSON.stringify(command),
    });
    return (await response.json()).result;
  };
  const api: SecretsWorld["api"] = async (method, path, body, token = "dev-service-token") => {
    const response = await cloud.fetch(path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === "" ? undefined : JSON.parse(text) };
  };
  return Object.assign(world, {
    cloud,
    get deps() {
      return deps!;
    },
    lines,
    api,
    async placesOf(text: string) {
      const kept: Record<string, unknown> = {
        "the log": lines,
        "QStash's log": cloud.qstash.logs().map(({ body, responseBody, ...rest }) => [
          rest,
          atob(`${body ?? ""}`),
          atob(`${responseBody ?? ""}`),
        ]),
        "QStash's messages": cloud.qstash.messages(),
        "QStash's dead letters": cloud.qstash.deadLetters(),
        "QStash's schedules": cloud.qstash.schedules(),
        "our dead letters": (await deps!.deadLetters.list()).letters,
        "the API's letters": (await api("GET", "/api/dead-letters")).json,
      };
      for (const key of await redis("KEYS", "*")) {
        kept[`Redis ${key}`] = [key, await redis("GET", key)];
      }
      if (deps!.database) {
        kept.effects = await deps!.database.query("SELECT * FROM effects");
      }
      const spellings = [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)];
      return Object.entries(kept)
        .filter(([, value]) => spellings.some((one) => JSON.stringify(value).includes(one)))
        .map(([place]) => place);
    },
    withKeys: (keys: string) => cloud.restart(appWith({ SECRET_KEYS: keys })),
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  });
}
