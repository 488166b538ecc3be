/**
 * What a trigger is: a change that it waits for, what it reads of the row, and whom it tells what.
 *
 * @module
 */
import * as z from "zod";
import type { Recipient } from "../contracts.ts";
import type { EventName } from "../events/table.ts";
import type { EventData } from "../notify.ts";
import type { Change, Row, When } from "./change.ts";

/** One notification; an event with another's payload does not compile. */
export type Told = {
  [Name in EventName]: {
    event: Name;
    to: Recipient;
    data: EventData<Name>;
    /** When it is told, ISO 8601; a moment that is over is now. */
    notBefore?: string;
  };
}[EventName];

/** What `tell` is given. */
export interface Place<Read> {
  /** The row, as the trigger's schema reads it. */
  row: Read;
  id: string;
  collection: string;
  /** Those of `ADMIN_EMAILS`. */
  admins: readonly Recipient[];
  /** A page below `SITE_URL`, from parts of a path. @throws {IncompleteRowError} without that setting */
  site(...path: string[]): string;
  /** Epoch ms. */
  now: number;
}

export interface Trigger<In extends z.ZodType = z.ZodType> {
  /** For the log, and a part of what makes its notifications one. */
  name: string;
  /** The tables or collections whose rows it looks at. */
  collections: readonly string[];
  when: When;
  /** What it needs of the row. */
  row: In;
  /** At most 20 notifications. */
  tell(place: Place<z.output<In>>): readonly Told[];
}

/** Makes a row of the table; `tell` is typed by `row`. */
export function trigger<In extends z.ZodType>(row: Trigger<In>): Trigger {
  return row as unknown as Trigger;
}

/** A row lacks what its trigger needs. Holds the names of fields or settings, never values. */
export class IncompleteRowError extends Error {
  override readonly name = "IncompleteRowError";
  constructor(readonly fields: readonly string[]) {
    super(`Cannot tell: ${fields.join(", ")}`);
  }
}

/** What the trigger tells of this change. @throws {IncompleteRowError} */
export function toldBy(
  { row: schema, tell }: Trigger,
  change: Change,
  place: Omit<Place<Row>, "row" | "id" | "collection">,
): readonly Told[] {
  const { collection, id } = change;
  // Without one, two rows would be told of as if they were the same.
  if (id === "") throw new IncompleteRowError(["id"]);
  const read = schema.safeParse(change.row);
  if (read.success) return tell({ ...place, row: read.data, collection, id });
  const fields = read.error.issues.map(({ path }) => path.map(String).join("."));
  throw new IncompleteRowError([...new Set(fields)]);
}
