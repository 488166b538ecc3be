/**
 * Mails are the same bytes on every runtime: a retry may be sent by another than the first attempt,
 * and the provider compares them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventNames } from "../../functions/notifications/events/names.ts";
import { sampleOf } from "../../functions/notifications/gallery/samples.ts";
import { readConfig } from "../../shared/mod.ts";
import type { PlatformCase } from "./calls.ts";

export const notificationMailCases: readonly PlatformCase[] = [{
  name: "all 38 mails are the same bytes as in this process",
  run: async (cloud) => {
    const config = readConfig({ ...cloud.environment });
    const headers = { Authorization: `Bearer ${config.operators[0].token}` };
    for (const name of eventNames) {
      const response = await cloud.fetch(`/admin/notifications/${name}/mail`, { headers });
      assert.equal(await response.text(), sampleOf(name, config).html, name);
    }
  },
}];
