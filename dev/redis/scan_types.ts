/**
 * `SCAN … WITHTYPE`, which Upstash has and Redis has not: each key is followed by its type.
 *
 * @module
 */
import type { Command, Engine, Execution, Reply } from "./engines/engine.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const TYPE = encoder.encode("TYPE");

/** The scan without the option, if `command` is one that has it. */
export function withoutTypes(command: Command): Command | undefined {
  const at = command.findIndex((word, index) =>
    index >= 2 && index % 2 === 0 && decoder.decode(word).toUpperCase() === "WITHTYPE"
  );
  return at === -1 ? undefined : command.filter((_, index) => index !== at);
}

/** The reply of such a scan; a key that is gone by now has the type `none`. */
export async function addTypes(engine: Engine, { reply, inner }: Execution): Promise<Execution> {
  if (reply.type !== "array" || !reply.items) return { reply, inner };
  const [cursor, keys] = reply.items;
  if (keys?.type !== "array" || !keys.items) return { reply, inner };
  const items: Reply[] = [];
  for (const key of keys.items) {
    items.push(key);
    if (key.type !== "bulk" || !key.bytes) continue;
    const { reply: type } = await engine.run([TYPE, key.bytes]);
    items.push(type.type === "status" ? { type: "bulk", bytes: encoder.encode(type.text) } : type);
  }
  return { reply: { type: "array", items: [cursor, { type: "array", items }] }, inner };
}
