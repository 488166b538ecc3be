/**
 * The thread in which PGlite runs.
 *
 * @module
 */
import type { PGlite } from "@electric-sql/pglite";
import type { StartAnswer, StartOrder } from "./server.ts";

/** Far more than the app opens; what waits for its turn holds one. */
const MOST_CONNECTIONS = 200;

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<StartOrder>) => void;
  postMessage(answer: StartAnswer): void;
};

thread.onmessage = async ({ data }) => {
  try {
    thread.postMessage({ port: await start(data) });
  } catch (error) {
    thread.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

async function start({ port, tries }: StartOrder): Promise<number> {
  const [{ openEmpty }, { PGLiteSocketServer }] = await Promise.all([
    import("./template.ts"),
    import("@electric-sql/pglite-socket"),
  ]);
  const db = keepTurns(await openEmpty());
  for (let attempt = 0;; attempt++) {
    const server = new PGLiteSocketServer({
      db,
      host: "127.0.0.1",
      port: port === 0 ? 0 : port + attempt,
      maxConnections: MOST_CONNECTIONS,
    });
    try {
      await server.start();
      return Number(server.getServerConn().split(":").at(-1));
    } catch (error) {
      const isTaken = (error as { code?: string }).code === "EADDRINUSE";
      if (!isTaken || port === 0 || attempt >= tries) throw error;
    }
  }
}

/** The messages of the extended protocol that leave more to come: Parse, Bind, Describe, Execute, Close, Flush. */
const UNFINISHED = new Set([..."PBDECH"].map((letter) => letter.charCodeAt(0)));
const SYNC = Uint8Array.of("S".charCodeAt(0), 0, 0, 0, 4);

/**
 * Keeps a connection's turn until its statement ends. The socket server gives turns by message, and
 * keeps one only inside a transaction: statements with parameters, which are several messages,
 * would get each other's parameters and rows. So a statement that is under way counts as one.
 */
function keepTurns(db: PGlite): PGlite {
  let isUnderWay = false;
  const own: Partial<PGlite> = {
    isInTransaction: () => isUnderWay || db.isInTransaction(),
    execProtocolRawStream(message, options) {
      isUnderWay = UNFINISHED.has(message[0]);
      return db.execProtocolRawStream(message, options);
    },
    // Only sent, as ROLLBACK, for a connection that went away.
    async exec(...args) {
      if (isUnderWay) await db.execProtocolRaw(SYNC);
      isUnderWay = false;
      return await db.exec(...args);
    },
  };
  return new Proxy(db, {
    get(target, name) {
      const value = own[name as keyof PGlite] ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
