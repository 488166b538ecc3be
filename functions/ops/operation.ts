/**
 * One endpoint, as the documentation shows it.
 *
 * @module
 */
import type * as z from "zod";
import type { ErrorCode } from "../../shared/mod.ts";

/** Who may call, and so how the caller proves itself. */
export type Caller = "anyone" | "browser" | "backend" | "operator" | "webhook" | "QStash";

export interface OperationParameter {
  name: string;
  in: "path" | "query" | "header";
  description: string;
  required?: boolean;
}

export interface OperationAnswer {
  description: string;
  /** Default: no body is described. */
  body?: z.ZodType;
  /** Default: `application/json`. */
  contentType?: string;
}

/** A row of the table of endpoints; a new route adds one, in its function's operations.ts. */
export interface Operation {
  method: "GET" | "POST" | "DELETE";
  /** As it is mounted: `/api/jobs/:id`. */
  path: string;
  /** The path as it is mounted, where `path` is one case of it. */
  route?: string;
  /** One sentence. */
  summary: string;
  caller: Caller;
  /** Besides the path's own, which are found by themselves. */
  parameters?: readonly OperationParameter[];
  request?: z.ZodType;
  answers: Readonly<Record<number, OperationAnswer>>;
  /** Failures of its own; those of its kind of caller are added. */
  problems?: readonly ErrorCode[];
  /** Billed Redis commands and QStash messages, in words short enough for a table. */
  price: { commands: string; messages: string };
  /** A body for the curl sample. */
  sample?: unknown;
}
