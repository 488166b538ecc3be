/**
 * How much later a reply's tokens are in the browser than at the provider: to the first, and for each,
 * in both modes, in turns with the provider's own stream; then how many viewers one isolate serves.
 *
 * `deno run -A bench/chat_stream.ts [rounds, default 10] [viewers at most, default 1000]`. The app has
 * a process, dev's servers and all viewers share another, on one machine: read the ratios.
 *
 * @module
 */
import { type ChatSystem, startChatSystem } from "./chat_system.ts";

const TOKENS = 100;
const VIEWERS = [1, 100, 250, 500, 1_000];
/** What is too late to be called live. */
const LATE_MS = 2_000;

/** When each character of a text had come, in ms after it was asked for. */
interface Heard {
  text: string;
  /** By length: how much was there, and when. */
  steps: { length: number; ms: number }[];
}

type Way = "provider" | "direct" | "queued";

async function main(): Promise<void> {
  const rounds = bounded(Deno.args[0] ?? "10", 100);
  const most = bounded(Deno.args[1] ?? "1000", 5_000);
  await using system = await startChatSystem();
  for (const way of ["provider", "direct", "queued"] as const) await hear(system, way, "first");
  await compareWays(system, rounds);
  await countViewers(system, most);
}

async function compareWays(system: ChatSystem, rounds: number): Promise<void> {
  const ways: Way[] = ["provider", "direct", "queued"];
  const firsts: Record<Way, number[]> = { provider: [], direct: [], queued: [] };
  const delays: Record<Way, number[]> = { provider: [], direct: [], queued: [] };
  const ratios: Record<Way, number[]> = { provider: [], direct: [], queued: [] };
  for (let round = 0; round < rounds; round++) {
    const heard = {} as Record<Way, Heard>;
    // Whoever goes first takes turns as well.
    for (let turn = 0; turn < ways.length; turn++) {
      const way = ways[(turn + round) % ways.length];
      heard[way] = await hear(system, way, `round ${round}`);
    }
    for (const way of ways) {
      const first = heard[way].steps[0].ms;
      firsts[way].push(first);
      ratios[way].push(first / heard.provider.steps[0].ms);
      delays[way].push(...lateness(heard.provider, heard[way]));
    }
  }
  console.log(`\n${rounds} rounds of ${TOKENS} tokens at 50 a second`);
  console.table(Object.fromEntries(ways.map((way) => [way, {
    "first token, ms": at(firsts[way], 0.5).toFixed(0),
    ratio: at(ratios[way], 0.5).toFixed(2),
    "from … to": `${at(ratios[way], 0).toFixed(2)} … ${at(ratios[way], 1).toFixed(2)}`,
    "a token later by, ms": at(delays[way], 0.5).toFixed(0),
    p99: at(delays[way], 0.99).toFixed(0),
  }])));
}

/** For each character, how much later it came than the same one from the provider, first ones aside. */
function lateness(provider: Heard, other: Heard): number[] {
  if (provider.text !== other.text) throw new Error("Cannot compare: the texts differ");
  return provider.steps.map(({ length, ms }) =>
    other.steps.find((step) => step.length >= length)!.ms - ms
  );
}

/** One answer, as it comes. */
async function hear(system: ChatSystem, way: Way, name: string): Promise<Heard> {
  const question = `/tokens ${TOKENS} ${name}`;
  const startedAt = performance.now();
  const heard: Heard = { text: "", steps: [] };
  const add = (text: string) => {
    if (text === "") return;
    heard.text += text;
    heard.steps.push({ length: heard.text.length, ms: performance.now() - startedAt });
  };
  if (way === "provider") await hearProvider(system, question, add);
  else {
    const user = crypto.randomUUID();
    const response = await fetch(`${system.app}/api/chat/conversations/${user}/messages`, {
      method: "POST",
      headers: { ...await system.as(user), accept: "text/event-stream" },
      body: JSON.stringify({ text: question, mode: way }),
    });
    await readEvents(response, (event, data) => event === "text" && add(data.text));
  }
  return heard;
}

async function hearProvider({ model }: ChatSystem, question: string, add: (text: string) => void) {
  const response = await fetch(`${model.url}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${model.key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "any",
      stream: true,
      messages: [{ role: "user", content: question }],
    }),
  });
  await readEvents(response, (_, data) => add(data.choices?.[0]?.delta?.content ?? ""));
}

async function readEvents(
  response: Response,
  // deno-lint-ignore no-explicit-any -- the bench knows what it asks for
  take: (event: string | undefined, data: any) => void,
): Promise<void> {
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined || data === "[DONE]") continue;
      take(/^event: (.*)$/m.exec(block)?.[1], JSON.parse(data));
    }
  }
}

/** So many viewers of one reply, each with a connection of its own to the app, and one to Redis. */
async function countViewers(system: ChatSystem, most: number): Promise<void> {
  const idleMb = system.memory();
  const rows: Record<string, unknown>[] = [];
  for (const viewers of VIEWERS.filter((count) => count <= most)) {
    const row = await watch(system, viewers);
    rows.push({ viewers, ...row, "MB, idle before": idleMb });
    if (row.late) break;
  }
  console.log("\nViewers of one reply, later than who asked for it");
  console.table(rows);
}

async function watch(system: ChatSystem, viewers: number) {
  const user = crypto.randomUUID();
  const headers = await system.as(user);
  // Slow to begin, so that all are there.
  const response = await fetch(`${system.app}/api/chat/conversations/${user}/messages`, {
    method: "POST",
    headers: { ...headers, accept: "text/event-stream" },
    body: JSON.stringify({ text: `/pace 20 /tokens 600 watched by ${viewers}`, mode: "direct" }),
  });
  const said: { length: number; at: number }[] = [];
  let length = 0;
  let stream = "";
  const accepted = Promise.withResolvers<void>();
  const asking = readEvents(response, (event, data) => {
    if (event === "accepted") {
      stream = data.reply.stream;
      accepted.resolve();
    } else if (event === "text") {
      length += data.text.length;
      said.push({ length, at: performance.now() });
    }
  });
  await accepted.promise;
  const late: number[] = [];
  let whole = 0;
  let mostMb = 0;
  const joinedFrom = performance.now();
  const joined: number[] = [];
  const watching = Array.from({ length: viewers }, async () => {
    let own = 0;
    const answer = await fetch(system.app + stream, { headers });
    await readEvents(answer, (event, data) => {
      if (event === "text") {
        if (own === 0) joined.push(performance.now() - joinedFrom);
        own += data.text.length;
        const token = said.find((each) => each.length >= own);
        // While others join, and are told what was said long before, it is another figure.
        if (token && joined.length === viewers) late.push(performance.now() - token.at);
      } else if (event === "end" && own === length) whole++;
    });
  });
  const timer = setInterval(() => mostMb = Math.max(mostMb, system.memory()), 200);
  await Promise.all([asking, ...watching]);
  clearInterval(timer);
  return {
    "all joined after, ms": Math.round(Math.max(...joined)),
    "late, ms": Math.round(at(late, 0.5)),
    p99: Math.round(at(late, 0.99)),
    "hold all of it": whole,
    "MB at most": mostMb,
    late: at(late, 0.99) > LATE_MS,
  };
}

function at(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function bounded(text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`Cannot measure: got ${text}, which is no whole number from 1 to ${most}`);
}

await main();
Deno.exit();
