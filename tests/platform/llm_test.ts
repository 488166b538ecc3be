/**
 * The language model's adapter on every runtime: to the letter, stopped, broken off, given up.
 *
 * @module
 */
import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import type { LlmFault } from "../../dev/llm/faults.ts";
import { createLlmServer, type LlmServer } from "../../dev/llm/server.ts";
import { listen } from "../../dev/server.ts";
import { createLlmApp, type Outcome } from "../support/llm_app.ts";
import { needs, titled } from "../support/needs.ts";
import { startWorker } from "../support/workerd.ts";

type Start = (environment: Record<string, string>) => Promise<{ url: string; close(): unknown }>;

const platforms: {
  name: string;
  start: Start;
  /**
   * Whether the provider sees who leaves. Behind workerd, wrangler's own outbound worker reads every
   * answer to its end; workerd by itself closes the connection at once.
   */
  seesLeaving: boolean;
  ignore?: boolean;
  reason?: string;
}[] = [
  {
    name: "Deno",
    seesLeaving: true,
    start: (environment) => {
      const app = createLlmApp(environment);
      return Promise.resolve(listen((request) => app.fetch(request)));
    },
  },
  { name: "workerd", start: startLlmWorker, seesLeaving: false, ...needs("workerd") },
];

async function startLlmWorker(environment: Record<string, string>) {
  const root = new URL("../../", import.meta.url).pathname;
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-test-" });
  const config = `${folder}/wrangler.toml`;
  const kept = (await Deno.readTextFile(`${root}wrangler.toml`))
    .replace(/^main = .*$/m, `main = "${root}tests/support/llm_worker.ts"`);
  await Deno.writeTextFile(config, kept);
  const worker = await startWorker(environment, config);
  return {
    url: worker.url,
    close: async () => {
      await worker.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const TEXT = "Grüße 👩‍👩‍👧, 日本語のとても長い文章を少しずつ話します ✓";
const unavailable = { name: "LlmUnavailableError" };

const cases: { fault?: LlmFault; question: string; stopAfter?: number; outcome: Outcome }[] = [
  { question: `/say ${TEXT}`, outcome: { text: TEXT } },
  { question: "/say one two three four", stopAfter: 2, outcome: { text: "one two" } },
  {
    fault: { kind: "limit", retryAfter: "7" },
    question: "/say one",
    outcome: { text: "", error: { ...unavailable, retryAfterMs: 7_000 } },
  },
  {
    fault: { kind: "tooLong" },
    question: "/say one",
    outcome: { text: "", error: { name: "LlmRejectedError" } },
  },
  ...(["break", "unfinished", "garble", "fail", "stall"] as const).map((kind) => ({
    fault: { kind, afterTokens: 2 },
    question: "/say one two three",
    outcome: { text: "one two", error: unavailable },
  })),
];

for (const { name, start, seesLeaving, ignore = false, reason } of platforms) {
  Deno.test({
    name: titled(`${name}: a model is heard, stopped and given up`, { reason }),
    ignore,
    // wrangler keeps handles of its own open.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const llm = createLlmServer({ clock: new WallClock(), tokensPerSecond: 100 });
      const provider = listen((request) => llm.fetch(request));
      const server = await start({
        OPENAI_API_KEY: llm.token,
        OPENAI_BASE_URL: `${provider.url}/v1`,
      });
      for (const { fault, question, stopAfter, outcome } of cases) {
        if (fault) llm.faults.add(fault);
        const query = stopAfter === undefined ? "" : `?stopAfter=${stopAfter}`;
        const response = await fetch(server.url + query, { method: "POST", body: question });
        assert.deepEqual(await response.json(), outcome, JSON.stringify({ fault, question }));
        if (seesLeaving) await silence(llm);
      }
      // Who stopped, and who gave up a stall.
      if (seesLeaving) assert.equal(llm.counts().aborted, 2);
      await server.close();
      await llm.close();
      await provider.close();
    },
  });
}

/** Nothing is said to nobody. */
async function silence(llm: LlmServer): Promise<void> {
  for (let tries = 0; tries < 500 && llm.counts().running > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal(llm.counts().running, 0);
}
