/**
 * The app under Deno, on real time.
 *
 * @module
 */
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { silentLog } from "../support/silent_log.ts";
import { testPlatform } from "./suite.ts";

testPlatform({
  name: "Deno",
  open: async () => {
    const cloud = await createCloud({
      clock: "wall",
      app: (environment) => createApp(createDeps(readConfig(environment), { log: silentLog })),
    });
    return { cloud, close: () => cloud.close() };
  },
});
