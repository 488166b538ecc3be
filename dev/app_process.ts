/**
 * Runs the app in a process of its own, and starts it afresh on the same port.
 *
 * What runs is never older than the files: a change ends the app and starts the next one. An
 * app that does not start shows its error, and the next change is waited for.
 *
 * @module
 */
import { printError } from "../shared/adapters/terminal.ts";
import { answerIn, linesOf } from "./app_line.ts";
import { readableLine } from "./log_line.ts";
import { listen, type Listening } from "./server.ts";

export interface AppProcessOptions {
  /** The file to run: dev/app.ts or dev/app_workers.ts. */
  entry: URL;
  /** What it may do, as flags of `deno run`; the rest is refused. */
  permissions: readonly string[];
  /** Read at each start, so that a change of keys reaches the next app. */
  environment: () => Record<string, string>;
  /** Folders that start the app afresh when a file in them changes. */
  watch: readonly string[];
  /** The app's port, held while it does not listen, so that nobody else takes it. Default: none. */
  holdPort?: number;
  /** Names that the port may be called by while it is held, beside the loopback ones. */
  allowHosts?: readonly string[];
  /** Lines of the app's output that are no news. Default: none. */
  hide?: RegExp;
  /** How far the clock is ahead, in ms, whenever the app starts; it does not listen before that. */
  offsetMs: () => number | Promise<number>;
  /** Takes what is worth telling, a line at a time. */
  say: (line: string) => void;
}

/** How long an ended app may take to go, and a moved clock to be answered, in ms. */
const PATIENCE_MS = 5_000;
/** Editors write a file in several steps; a change is over when this long is quiet, in ms. */
const QUIET_MS = 120;

/** The app's process, whichever one runs at the moment. */
export class AppProcess {
  readonly #options: AppProcessOptions;
  #running?: Running;
  #work: Promise<unknown> = Promise.resolve();
  #watcher?: Deno.FsWatcher;
  #held?: Listening;
  #closed = false;

  constructor(options: AppProcessOptions) {
    this.#options = options;
  }

  /** Starts the app and the watch; resolves to whether it listens. */
  async start(): Promise<boolean> {
    const started = await this.#next(() => this.#spawn());
    if (this.#options.watch.length > 0) void this.#watch();
    return started;
  }

  /** Moves the app's clock; resolves once the app holds the new offset. */
  async setOffset(offsetMs: number): Promise<void> {
    await this.#next(async () => {
      if (this.#running && !await this.#running.setOffset(offsetMs)) {
        this.#options.say("The app did not take the clock's new time");
      }
    });
  }

  /** Ends the app; nothing of it is left when this resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher?.close();
    await this.#next(() => this.#end());
    await this.#release();
  }

  /** One thing at a time: a start, an end, a move of the clock. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #spawn(): Promise<boolean> {
    if (this.#closed) return false;
    this.#hold();
    const { offsetMs, say } = this.#options;
    const running = new Running(this.#options, (code) => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.#hold();
      if (!this.#closed) say(`The app ended with code ${code}; the next change starts it again`);
    });
    this.#running = running;
    const started = await running.setOffset(await offsetMs());
    if (started) await this.#release();
    return started;
  }

  /** Answers in the app's place. */
  #hold(): void {
    const { holdPort: port, allowHosts } = this.#options;
    if (port === undefined || this.#held || this.#closed) return;
    const answer = () =>
      new Response("The app does not run: `deno task dev` says why\n", {
        status: 503,
        headers: { "Retry-After": "1" },
      });
    try {
      this.#held = listen(answer, { port, tries: 0, shared: true, allowHosts });
    } catch (error) {
      // Somebody was quicker; the app says so when it starts.
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }

  async #release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.close();
  }

  async #end(): Promise<void> {
    this.#hold();
    const running = this.#running;
    this.#running = undefined;
    await running?.end();
  }

  async #watch(): Promise<void> {
    this.#watcher = Deno.watchFs([...this.#options.watch]);
    let quiet: ReturnType<typeof setTimeout> | undefined;
    for await (const { kind, paths } of this.#watcher) {
      const sources = paths.filter((path) => /\.(tsx?|json)$/.test(path));
      if (kind === "access" || sources.length === 0) continue;
      clearTimeout(quiet);
      quiet = setTimeout(() => void this.#restart(sources[0]), QUIET_MS);
    }
    clearTimeout(quiet);
  }

  async #restart(path: string): Promise<void> {
    const startedAt = performance.now();
    const started = await this.#next(async () => {
      await this.#end();
      return await this.#spawn();
    });
    if (!started || this.#closed) return;
    const name = path.split("/").slice(-2).join("/");
    this.#options.say(
      `${name} changed: the app started again in ${Math.round(performance.now() - startedAt)} ms`,
    );
  }
}

/** One process, from its start to its end. */
class Running {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ended: Promise<void>;
  readonly #hide?: RegExp;
  #onAnswer: (offsetMs: number) => void = () => {};

  constructor(
    { entry, permissions, environment, hide }: AppProcessOptions,
    onEnd: (code: number) => void,
  ) {
    this.#hide = hide;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...permissions, "--unstable-net", "--no-check", entry.pathname],
      cwd: new URL("..", entry).pathname,
      env: environment(),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    void this.#pass();
    void this.#passErrors();
    this.#ended = this.#child.status.then(({ code }) => onEnd(code));
  }

  /** Resolves to whether the process answered that it runs on `offsetMs`. */
  async setOffset(offsetMs: number): Promise<boolean> {
    const answered = new Promise<boolean>((resolve) => {
      this.#onAnswer = (held) => held >= offsetMs && resolve(true);
    });
    try {
      await this.#stdin.write(new TextEncoder().encode(`${offsetMs}\n`));
    } catch {
      // It has ended; whoever watches its end says so.
      return false;
    }
    return await Promise.race([answered, this.#ended.then(() => false), after(PATIENCE_MS * 4)]);
  }

  /** Closes its stdin, which ends it; kills it when it does not go. */
  async end(): Promise<void> {
    await this.#stdin.close().catch(() => {/* It has ended already. */});
    const gone = await Promise.race([this.#ended.then(() => true), after(PATIENCE_MS)]);
    if (!gone) this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async #passErrors(): Promise<void> {
    for await (const line of linesOf(this.#child.stderr)) printError(line);
  }

  async #pass(): Promise<void> {
    const colour = Deno.stdout.isTerminal() && !Deno.noColor;
    for await (const line of linesOf(this.#child.stdout)) {
      const offsetMs = answerIn(line);
      if (offsetMs !== undefined) this.#onAnswer(offsetMs);
      // Made for a terminal already; its colours are ours.
      else if (!this.#hide?.test(line)) console.log(readableLine(line, colour));
    }
  }
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(() => resolve(false), ms)));
}
