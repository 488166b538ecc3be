/**
 * The chat's endpoints, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { clientOperations } from "./client/client_operations.ts";
import { historyOperations } from "./history/operations.ts";
import { pageOperations } from "./page/page_operations.ts";
import { replyOperations } from "./replies/operations.ts";

export const chatOperations: readonly Operation[] = [
  ...pageOperations,
  ...clientOperations,
  ...historyOperations,
  ...replyOperations,
];
