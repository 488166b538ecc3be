/**
 * `deno task dev`: every server and the app on loopback, and one table of addresses.
 *
 * The servers live here and keep their state; the app runs in a process of its own that starts
 * afresh when functions/ or shared/ change. `--workers` runs it in workerd instead.
 *
 * @module
 */
import process from "node:process";
import { print, printError } from "../shared/adapters/terminal.ts";
import { guardSettings } from "./app_guard.ts";
import { AppProcess } from "./app_process.ts";
import { readArguments } from "./arguments.ts";
import { installClock, WallClock } from "./clock.ts";
import { cloudSecrets, DEVELOPMENT_AUTH_SECRET } from "./cloud.ts";
import { ApiError } from "./qstash/api_error.ts";
import { startLocalCloud } from "./local_cloud.ts";
import { readPlan } from "./plan.ts";
import { listen } from "./server.ts";
import { writeSettings } from "./settings_file.ts";
import { chatUrl, dashboardsUrl, welcome } from "./table.ts";
import { userToken } from "./user_token.ts";

const APP_PORT = 8787;
/** What wrangler says beside the app's log: its settings, and each request once more. */
const WRANGLERS = /^(\[wrangler:info\]|⎔ Starting|Your Worker has|Binding {2}|env\.[A-Z_]+ |$)/;
const OURS =
  /^(UPSTASH_|QSTASH_|WEBHOOK_SECRET_|AUTH_|FEED_|RESEND_|MAIL_|QUIET_|DIGEST_|MAINTENANCE_|OPENAI_|CHAT_|SENTIMENT_|LEAST_|(SERVICE_TOKENS|OPERATOR_TOKENS|CORS_ORIGINS|IDENTITY_SECRET|SECRET_KEYS|OPEN_LIMITS|CLIENT_IP_HEADER|NAMESPACE|DATABASE_URL)$)/;

/** The wall's time, whose skips reach the app before anything is delivered by them. */
class SharedClock extends WallClock {
  beforeMove: (offsetMs: number) => Promise<void> = () => Promise.resolve();
  #moving: Promise<void> = Promise.resolve();

  override advance(ms: number): Promise<void> {
    const move = this.#moving.then(async () => {
      await this.beforeMove(this.offsetMs + Math.max(0, ms));
      await super.advance(ms);
    });
    this.#moving = move.catch(() => {/* The caller is told. */});
    return move;
  }
}

const { workers: inWorkers, allowHosts } = argumentsOrEnd();
const root = new URL("..", import.meta.url).pathname;
const clock = new SharedClock();
// The embedded Redis engine reads Date, so that a skip of the clock reaches every TTL.
installClock(clock);
const appPort = await freePort(APP_PORT);
const appUrl = `http://127.0.0.1:${appPort}`;
const cloud = await startLocalCloud(process.env, clock, { appUrl, allowHosts });
// Only a real QStash calls from outside; the local one must reach this very app.
const publicUrl = (process.env.QSTASH_URL && process.env.PUBLIC_URL) || appUrl;
const yours = Object.fromEntries(
  Object.entries(process.env).filter(([name, value]) => OURS.test(name) && value),
) as Record<string, string>;
// Users are yours where you say how their tokens are signed; else there is one of dev's own.
const ownUsers: Record<string, string> = yours.AUTH_SECRET || yours.AUTH_JWKS_URL
  ? {}
  : { AUTH_SECRET: DEVELOPMENT_AUTH_SECRET };
const ownToken = ownUsers.AUTH_SECRET &&
  await userToken(ownUsers.AUTH_SECRET, "ada", clock.now());

const app = new AppProcess({
  entry: new URL(inWorkers ? "app_workers.ts" : "app.ts", import.meta.url),
  // The app has what `deno task start` gives it; wrangler bundles, and starts workerd.
  permissions: ["net", "env", ...(inWorkers ? ["read", "write", "run", "sys"] : [])]
    .map((name) => `--allow-${name}`),
  environment: () => {
    const settings: Record<string, string> = {
      ...cloudSecrets,
      ...ownUsers,
      // Your page may stand on any port of this machine; those of others stop at the guard.
      CORS_ORIGINS: "*",
      // All of a demo's visitors come from this machine.
      OPEN_LIMITS: "events=off,reads=off",
      ...yours,
      // Whose tokens are yours says nothing of dev's own.
      ...(ownUsers.AUTH_SECRET && { AUTH_ISSUER: "", AUTH_AUDIENCE: "" }),
      ...cloud.settings(),
      PUBLIC_URL: publicUrl,
      ...guardSettings(
        // A tunnel that webhooks come by has the name that is set, whoever publishes.
        [publicUrl, process.env.PUBLIC_URL ?? ""].flatMap((url) => URL.parse(url)?.hostname ?? [])
          .concat(allowHosts),
        (yours.CORS_ORIGINS ?? "").split(",").map((origin) => origin.trim()),
      ),
    };
    return { ...settings, APP_PORT: String(appPort), APP_SETTINGS: Object.keys(settings).join() };
  },
  watch: inWorkers ? [] : [`${root}functions`, `${root}shared`],
  // Not workerd, which is not started afresh; nor where the system cannot share a port.
  holdPort: inWorkers || Deno.build.os !== "linux" ? undefined : appPort,
  allowHosts,
  hide: inWorkers ? WRANGLERS : undefined,
  // Until Postgres takes connections, what needs it would fail, and open the app's breaker.
  offsetMs: () => cloud.ready.then(() => clock.offsetMs),
  say: (line) => print(line),
});

let ending = false;
const settingsFile = writeSettings(appPort, {
  ...cloudSecrets,
  ...cloud.settings(),
  PUBLIC_URL: appUrl,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => void end());
}

const [runs, warnings] = await Promise.all([app.start(), cloud.warnings()]);
clock.beforeMove = async (offsetMs) => {
  const realTime = inWorkers ? "workerd keeps real time" : cloud.realTime;
  if (realTime) throw new ApiError(412, `cannot move the clock: ${realTime}`);
  await app.setOffset(offsetMs);
};
if (!ending) print(welcome(describe(runs, warnings)));

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await app.close();
  await cloud.close();
  settingsFile.remove();
  Deno.exit(0);
}

function describe(appRuns: boolean, warnings: readonly string[]) {
  const token = yours.SERVICE_TOKENS ? "$SERVICE_TOKEN" : cloudSecrets.SERVICE_TOKENS;
  return {
    parts: [
      {
        name: "app",
        url: appUrl,
        takenPort: appPort === APP_PORT ? undefined : APP_PORT,
        token: yours.SERVICE_TOKENS ? "yours (SERVICE_TOKENS)" : token,
        standsInFor: inWorkers ? "Cloudflare Workers (workerd)" : "Deno Deploy",
        realOne: "deno task start, or deploy it",
      },
      ...cloud.parts,
    ],
    links: [
      ...(cloud.messagesUrl ? [["messages", `${cloud.messagesUrl}/`] as [string, string]] : []),
      ...(cloud.inboxUrl ? [["inbox", `${cloud.inboxUrl}/`] as [string, string]] : []),
      ["API", `${appUrl}/docs`] as [string, string],
      [
        "dashboards",
        dashboardsUrl(appUrl, yours.OPERATOR_TOKENS ? undefined : cloudSecrets.OPERATOR_TOKENS),
      ] as [string, string],
      ["chat", chatUrl(appUrl, ownToken)] as [string, string],
      ["health", `${appUrl}/health`] as [string, string],
      [
        "GitHub's pushes",
        `${appUrl}/hooks/github (secret ${
          yours.WEBHOOK_SECRET_GITHUB ? "yours" : cloudSecrets.WEBHOOK_SECRET_GITHUB
        })`,
      ] as [string, string],
    ],
    firstJob: [
      `curl -s ${appUrl}/api/jobs/debug.echo \\`,
      `  -H 'Authorization: Bearer ${token}' \\`,
      `  -d '{"input": {"message": "hello"}}'`,
    ],
    readyMs: performance.now(),
    warnings: [
      ...warnings,
      ...(settingsFile.name === ".dev.env" ? [] : [otherDev(settingsFile.name)]),
      ...(appRuns ? [] : ["The app did not start; the next change starts it again."]),
    ],
  };
}

function otherDev(file: string): string {
  return `Another dev runs here and has .dev.env. For commands that are to meet this one:\n` +
    `  deno run -NE --env-file=${file} functions/plan_schedules.ts`;
}

function argumentsOrEnd() {
  try {
    readPlan(process.env);
    return readArguments(Deno.args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    printError(error.message);
    return Deno.exit(1);
  }
}

/** The first port from `first` on that nothing listens on, and no other dev is about to. */
async function freePort(first: number): Promise<number> {
  const probe = listen(() => new Response(), { port: first });
  await probe.close();
  // A port that is shared with the app could be shared with another dev as well: on a second
  // loopback address, which macOS and Windows lack, each keeps its own port to itself.
  if (Deno.build.os !== "linux") return probe.port;
  try {
    Deno.listen({ hostname: "127.0.0.2", port: probe.port });
    return probe.port;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return await freePort(probe.port + 1);
  }
}
