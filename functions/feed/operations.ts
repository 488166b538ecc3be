/**
 * The feed's endpoints, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { clientOperations } from "./client/client_operations.ts";
import { eventOperations } from "./events/event_operations.ts";
import { pageOperations } from "./page/page_operations.ts";
import { readOperations } from "./reading/read_operations.ts";

export const feedOperations: readonly Operation[] = [
  ...clientOperations,
  ...eventOperations,
  ...readOperations,
  ...pageOperations,
];
