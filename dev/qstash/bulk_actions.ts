/**
 * Cancels by filter: each is an action that can be looked at for a week.
 *
 * Here an action is over at once; at the vendor it may take a while, so a client that asked for
 * `async` still has to look.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { ApiError } from "./api_error.ts";
import type { Criteria } from "./filters.ts";
import { newId } from "./keys.ts";

const KEEP_MS = 7 * 86_400_000;

/** As the API shows it. */
export interface BulkAction {
  readonly actionId: string;
  readonly kind: "cancel";
  readonly state: "IN_PROGRESS" | "FINISHED";
  /** Messages that matched when it was accepted. */
  readonly total: number;
  readonly processed: number;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly completedAt?: number;
  readonly filter: Readonly<Record<string, readonly string[]>>;
}

export class BulkActions {
  readonly #actions = new Map<string, BulkAction & { sequence: number }>();
  #sequence = 0;

  constructor(readonly clock: DevClock) {}

  /** Keeps an action that has cancelled `count` messages. */
  add(filter: Criteria, count: number): BulkAction {
    const now = this.clock.now();
    const action: BulkAction = {
      actionId: newId("act_"),
      kind: "cancel",
      state: "FINISHED",
      total: count,
      processed: count,
      createdAt: now,
      completedAt: now,
      filter: Object.fromEntries(filter),
    };
    this.#actions.set(action.actionId, { ...action, sequence: ++this.#sequence });
    return action;
  }

  /** @throws {ApiError} 404 when there is none of that id, or no longer */
  get(actionId: string): BulkAction {
    this.#drop();
    const action = this.#actions.get(actionId);
    if (!action) throw new ApiError(404, `bulk action ${actionId} not found`);
    return shown(action);
  }

  newestFirst(): (BulkAction & { sequence: number })[] {
    this.#drop();
    return [...this.#actions.values()].reverse();
  }

  #drop(): void {
    const before = this.clock.now() - KEEP_MS;
    for (const [id, { createdAt }] of this.#actions) {
      if (createdAt > before) return;
      this.#actions.delete(id);
    }
  }
}

/** Without what only pages of a list need. */
export function shown({ sequence: _, ...action }: BulkAction & { sequence: number }): BulkAction {
  return action;
}
