/**
 * The app under Deno, on real time.
 *
 * @module
 */
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { silentLog } from "../support/silent_log.ts";
import { startDatabase } from "../support/database.ts";
import { testPlatform } from "./suite.ts";

testPlatform({
  name: "Deno",
  open: async () => {
    let deps: Deps | undefined;
    const postgres = await startDatabase();
    const cloud = await createCloud({
      clock: "wall",
      anyOrigin: true,
      environment: { DATABASE_URL: postgres.url },
      app: (environment) => {
        deps = createDeps(readConfig(environment), { log: silentLog });
        return createApp(deps);
      },
    });
    return {
      cloud,
      close: async () => {
        await cloud.close();
        await deps?.database?.close();
        await postgres.close();
      },
    };
  },
});
