/**
 * Both senders' changes, brought to one shape.
 *
 * @module
 */
import type * as z from "zod";
import { BodyInvalidError } from "../../../shared/mod.ts";
import type { Change } from "./change.ts";
import type { PayloadChange, SupabaseChange } from "./contracts.ts";
import { rowOf } from "./row.ts";

type Record = { readonly [column: string]: unknown };

const operations = { INSERT: "create", UPDATE: "update", DELETE: "delete" } as const;

/** @throws {BodyInvalidError} where a row that must be there is not */
export function changeOfSupabase(
  { type, table, record, old_record }: z.infer<typeof SupabaseChange>,
): Change {
  const operation = operations[type];
  return {
    source: "supabase",
    collection: table,
    operation,
    ...operation === "delete"
      ? rowsOf({ old_record }, "old_record")
      : rowsOf({ record, old_record }, "record", operation === "update" ? "old_record" : undefined),
  };
}

/** @throws {BodyInvalidError} the same */
export function changeOfPayload(
  { collection, operation, doc, previousDoc }: z.infer<typeof PayloadChange>,
): Change {
  return {
    source: "payload",
    collection,
    operation,
    ...rowsOf({ doc, previousDoc }, "doc", operation === "update" ? "previousDoc" : undefined),
  };
}

function rowsOf<Name extends string>(
  given: { [N in Name]?: Record | null },
  name: Name,
  before?: Name,
): Pick<Change, "id" | "row" | "before"> {
  const { id } = required(given, name);
  return {
    id: typeof id === "string" || typeof id === "number" ? String(id) : "",
    row: rowOf(required(given, name)),
    ...(before !== undefined && { before: rowOf(required(given, before)) }),
  };
}

function required<Name extends string>(
  given: { [N in Name]?: Record | null },
  name: Name,
): Record {
  const record = given[name];
  if (record) return record;
  throw new BodyInvalidError([{ path: name, message: "is missing" }]);
}
