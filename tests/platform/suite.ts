/**
 * Registers the platform's cases for one runtime.
 *
 * @module
 */
import type { Cloud } from "../../dev/cloud.ts";
import { titled } from "../support/needs.ts";
import { platformCases } from "./cases.ts";

/** A cloud whose app runs in the runtime under test, started before the first case. */
export interface Runtime {
  name: string;
  open(): Promise<{ cloud: Cloud; close(): Promise<void> }>;
  ignore?: boolean;
  /** Why it is left out. */
  reason?: string;
}

/** One test for each case, all on one cloud. */
export function testPlatform({ name, open, ignore = false, reason }: Runtime): void {
  let opened: Awaited<ReturnType<Runtime["open"]>> | undefined;
  if (!ignore) {
    Deno.test.beforeAll(async () => {
      opened = await open();
    });
    Deno.test.afterAll(async () => await opened?.close());
  }
  for (const { name: what, run } of platformCases) {
    Deno.test({
      name: titled(`${name}: ${what}`, { reason }),
      ignore,
      // wrangler keeps handles of its own open between tests.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => await run(opened!.cloud),
    });
  }
}
