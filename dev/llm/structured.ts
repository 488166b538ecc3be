/**
 * Answers as JSON: of the shape that was asked for, with a feeling for a few words.
 *
 * @module
 */
import type { CompletionRequest } from "./completion_input.ts";

type Format = Exclude<NonNullable<CompletionRequest["response_format"]>, { type: "text" }>;
type Schema = Readonly<Record<string, unknown>>;

const good =
  /\b(good|great|happy|love|loved|lovely|like|thanks|thank|wonderful|nice|glad|best)\b/gi;
const bad = /\b(bad|sad|hate|hated|awful|terrible|angry|worst|tired|lonely|afraid|broken)\b/gi;

/** The answer to `question`, as JSON. */
export function structuredAnswer(format: Format, question: string): string {
  const score = feelingOf(question);
  if (format.type === "json_object") {
    return JSON.stringify({ score, label: labelOf(score), reason: "By the words that were used." });
  }
  const { schema } = format.json_schema;
  return JSON.stringify(valueFor(schema, { root: schema, score, depth: 0 }));
}

/** From -1 to 1, by how many words of either kind there are. */
export function feelingOf(text: string): number {
  const up = text.match(good)?.length ?? 0;
  const down = text.match(bad)?.length ?? 0;
  return up + down === 0 ? 0 : Math.round((up - down) / (up + down) * 100) / 100;
}

function labelOf(score: number): string {
  return score > 0.2 ? "positive" : score < -0.2 ? "negative" : "neutral";
}

interface Scope {
  root: Schema;
  score: number;
  depth: number;
}

function valueFor(schema: Schema, scope: Scope): unknown {
  if (scope.depth > 20) return null;
  const deeper = { ...scope, depth: scope.depth + 1 };
  if (typeof schema.$ref === "string") return valueFor(resolve(schema.$ref, scope.root), deeper);
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) {
    const label = labelOf(scope.score);
    return schema.enum.includes(label) ? label : schema.enum[0];
  }
  const [choice] = (schema.anyOf ?? schema.oneOf ?? []) as Schema[];
  if (choice) return valueFor(choice, deeper);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object":
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, Schema>)
          .map(([name, property]) => [name, valueFor(property, deeper)]),
      );
    case "array":
      return Array.from(
        { length: Number(schema.minItems ?? 0) },
        () => valueFor((schema.items ?? {}) as Schema, deeper),
      );
    case "number":
      return numberFor(schema, scope.score);
    case "integer":
      return Math.round(numberFor(schema, scope.score));
    case "boolean":
      return scope.score > 0;
    case "string":
      return "By the words that were used.".slice(0, Number(schema.maxLength ?? Infinity));
    default:
      return null;
  }
}

function numberFor({ minimum, maximum }: Schema, score: number): number {
  const least = typeof minimum === "number" ? minimum : -Infinity;
  const most = typeof maximum === "number" ? maximum : Infinity;
  return Math.min(most, Math.max(least, score));
}

/** Of the form `#/$defs/Name`. */
function resolve(reference: string, root: Schema): Schema {
  let found: unknown = root;
  for (const part of reference.split("/").slice(1)) found = (found as Schema | undefined)?.[part];
  return (found ?? {}) as Schema;
}
