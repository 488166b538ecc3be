/**
 * A request for an answer, without what its server refuses.
 *
 * Servers of chat completions differ in the parameters that they take. One that refuses a parameter by
 * its name is asked again without it, and never sent it again while the isolate lives.
 *
 * @module
 */
import type { LlmMessage, LlmRequest } from "../ports.ts";

/** What may be left out, or said in another way. */
const OPTIONAL = ["max_completion_tokens", "max_tokens", "user", "response_format"] as const;
/** Instructions go into the first message of the user then: some models' templates know no other. */
const SYSTEM = "system";
type Refusable = typeof OPTIONAL[number] | typeof SYSTEM;

const REFUSING_STATUSES = [400, 422, 501];
const REFUSING =
  /support|unknown|unrecogni[sz]ed|unexpected|extra|permit|allow|forbid|invalid|deprecat|not (?:a )?valid|does not exist/i;
const NO_SYSTEM =
  /system[ _-]?(?:role|messages?|prompts?|instructions?)?\b[^.]{0,60}(?:not (?:supported|allowed|permitted)|unsupported|not enabled)|(?:not|n't) support[^.]{0,60}system|(?:developer|system) instruction is not enabled/i;

/** What was learnt of servers, by model: plain data. */
export class Refusals {
  readonly #known = new Map<string, Set<Refusable>>();

  /** What this model was found to refuse. */
  of(model: string): ReadonlySet<string> {
    return this.#known.get(model) ?? new Set();
  }

  /**
   * Learns from a refusal of `body`; false where it names nothing that could be left out.
   */
  learn(body: Body, { status, text }: { status: number; text: string }): boolean {
    const refused = REFUSING_STATUSES.includes(status) ? refusedIn(text, body) : undefined;
    if (refused === undefined) return false;
    const known = this.#known.get(body.model) ?? new Set();
    if (known.has(refused)) return false;
    this.#known.set(body.model, known.add(refused));
    return true;
  }
}

/** A request's JSON. */
export interface Body {
  model: string;
  messages: readonly LlmMessage[];
  stream: true;
  max_completion_tokens?: number;
  max_tokens?: number;
  user?: string;
  response_format?: { type: "json_object" };
}

/** The request as this server takes it. */
export function bodyOf(
  { messages, maxTokens, user, json }: LlmRequest,
  { model, refused }: { model: string; refused: ReadonlySet<string> },
): Body {
  // The older `max_tokens` is refused by models that reason first.
  const cap = ["max_completion_tokens", "max_tokens"].find((name) => !refused.has(name));
  return {
    model,
    messages: refused.has(SYSTEM) ? withoutSystem(messages) : messages,
    stream: true,
    ...(maxTokens !== undefined && cap !== undefined && { [cap]: maxTokens }),
    ...(user !== undefined && !refused.has("user") && { user }),
    ...(json && !refused.has("response_format") && { response_format: { type: "json_object" } }),
  };
}

function withoutSystem(messages: readonly LlmMessage[]): LlmMessage[] {
  const instructions = messages.filter(({ role }) => role === "system").map((it) => it.content);
  const rest = messages.filter(({ role }) => role !== "system");
  const [first = { role: "user", content: "" } as const, ...others] = rest;
  return [
    { ...first, content: [...instructions, first.content].filter(Boolean).join("\n\n") },
    ...others,
  ];
}

function refusedIn(text: string, body: Body): Refusable | undefined {
  if (body.messages.some(({ role }) => role === "system") && NO_SYSTEM.test(text)) return SYSTEM;
  const sent = OPTIONAL.filter((name) => name in body);
  const named = paramOf(text);
  const byName = sent.find((name) => named === name || named?.startsWith(`${name}.`));
  if (byName !== undefined) return byName;
  if (!REFUSING.test(text)) return undefined;
  return sent.find((name) =>
    // A word of every day counts only where it is quoted, and not as somebody's role.
    name === "user"
      ? /["'`]user\\?["'`]/.test(text) && !/\broles?\b/i.test(text)
      : new RegExp(`\\b${name}\\b`).test(text)
  );
}

/** The parameter that an error names in a field of its own. */
function paramOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text);
    const param = body?.error?.param ?? body?.param;
    return typeof param === "string" ? param : undefined;
  } catch {
    // Words, if anything: they are searched.
    return undefined;
  }
}
