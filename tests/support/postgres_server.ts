/**
 * A real Postgres for tests: found where packages put it, started on a free port in a folder
 * of its own, ended by its process id.
 *
 * @module
 */
import { join } from "node:path";

/** A server that this process started; `await using` ends it with its scope. */
export interface RealPostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends the server, and with it all its data. */
  close(): Promise<void>;
}

/** The folder of `postgres` and `initdb`: the newest of Debian's, or one on PATH. */
export function findPostgres(): string | undefined {
  const packaged = namesIn("/usr/lib/postgresql").toSorted((a, b) => Number(b) - Number(a))
    .map((version) => `/usr/lib/postgresql/${version}/bin`);
  return [...packaged, ...(Deno.env.get("PATH") ?? "").split(":")]
    .find((folder) => isFile(`${folder}/initdb`) && isFile(`${folder}/postgres`));
}

/** Starts a server with no tables; resolves once it takes connections. */
export async function startPostgres(): Promise<RealPostgres> {
  const programs = findPostgres();
  if (programs === undefined) throw new Error("Cannot start Postgres: it is not installed");
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-postgres-" });
  const data = join(folder, "data");
  const user = await unprivilegedUser(folder);
  await run([...user, `${programs}/initdb`, "-D", data, "-U", "postgres", "-A", "trust", "-N"]);
  const port = freePort();
  const [command, ...args] = [
    ...user,
    `${programs}/postgres`,
    ...["-D", data, "-p", String(port), "-k", folder, "-h", "127.0.0.1"],
    ...["-c", "fsync=off", "-c", "max_connections=100"],
  ];
  // setpriv becomes the server, so this is the server's own id.
  const server = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = server.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  while (!log.includes("database system is ready to accept connections")) {
    const { done, value } = await output.read();
    if (done) throw new Error(`Cannot start Postgres on port ${port}: ${log.slice(-500)}`);
    log += value;
  }
  const drained = (async () => {
    while (!(await output.read()).done);
  })();
  let closing: Promise<void> | undefined;
  const close = () =>
    closing ??= (async () => {
      // Immediate shutdown: nobody needs the data any more.
      server.kill("SIGQUIT");
      await server.status;
      await drained;
      await Deno.remove(folder, { recursive: true });
    })();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Postgres refuses to run as root: then the user that its package made runs it, and owns the folder. */
async function unprivilegedUser(folder: string): Promise<string[]> {
  if (Deno.uid() !== 0) return [];
  const ids = ["-u", "-g"].map((flag) =>
    new TextDecoder().decode(
      new Deno.Command("id", { args: [flag, "postgres"] }).outputSync().stdout,
    ).trim()
  );
  const [uid, gid] = ids.map((id) => id === "" ? 65_534 : Number(id));
  await Deno.chown(folder, uid, gid);
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
}

async function run([command, ...args]: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  if (!success) throw new Error(`Cannot run ${command}: ${new TextDecoder().decode(stderr)}`);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return []; // Not there: nothing is packaged.
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Not there, or not for us to look at: the same to a search.
  }
}
