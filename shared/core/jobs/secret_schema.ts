/**
 * A secret's path is held against the job's schema: a misspelt one would keep nothing secret.
 *
 * @module
 */
import type * as z from "zod";

/** @throws {TypeError} if the schema knows its fields and has none at this path */
export function assertSecretsExist(
  job: string,
  schema: z.ZodType,
  path: string,
  [part, ...rest]: readonly string[],
): void {
  if (part === undefined) return;
  const def = (schema as unknown as { _zod: { def: Definition } })._zod.def;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
    case "nonoptional":
    case "catch":
      return assertSecretsExist(job, def.innerType!, path, [part, ...rest]);
    case "pipe":
      return assertSecretsExist(job, def.in!, path, [part, ...rest]);
    case "object": {
      if (part === "*") {
        for (const field of Object.values(def.shape!)) assertSecretsExist(job, field, path, rest);
        return;
      }
      if (Object.hasOwn(def.shape!, part)) {
        return assertSecretsExist(job, def.shape![part], path, rest);
      }
      if (def.catchall && def.catchall._zod.def.type !== "never") return;
      break;
    }
    case "array":
      if (part === "*" || /^\d+$/.test(part)) {
        return assertSecretsExist(job, def.element!, path, rest);
      }
      break;
    case "record":
      return assertSecretsExist(job, def.valueType!, path, rest);
    case "string":
    case "number":
    case "boolean":
      break;
    default:
      // A union, a lazy or an unknown one: what comes decides.
      return;
  }
  throw new TypeError(
    `Cannot define the job "${job}": its input has no field "${path}" to keep secret`,
  );
}

interface Definition {
  type: string;
  innerType?: z.ZodType;
  in?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  catchall?: { _zod: { def: { type: string } } };
}
