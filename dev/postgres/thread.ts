/**
 * The thread in which PGlite runs.
 *
 * @module
 */
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
  const [{ PGlite }, { PGLiteSocketServer }] = await Promise.all([
    import("@electric-sql/pglite"),
    import("@electric-sql/pglite-socket"),
  ]);
  const db = await PGlite.create();
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
