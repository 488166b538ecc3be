/**
 * A way to a server that a test may shut: connections break, and new ones are refused.
 *
 * @module
 */

/** Listens on a port of its own, and passes everything on. */
export interface Gate extends AsyncDisposable {
  /** The server's URL, by way of the gate. */
  readonly url: string;
  /** Breaks every connection, and takes no other until it is opened. */
  shut(): void;
  open(): void;
}

/** Puts an open gate before the server of `url`. */
export function startGate(url: string): Gate {
  const target = new URL(url);
  const server = { hostname: target.hostname, port: Number(target.port) };
  const connections = new Set<Deno.Conn>();
  const passing = new Set<Promise<void>>();
  let listener: Deno.TcpListener | undefined = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;

  async function accept(listening: Deno.TcpListener) {
    for await (const caller of listening) {
      const passed = pass(caller).finally(() => passing.delete(passed));
      passing.add(passed);
    }
  }

  async function pass(caller: Deno.TcpConn) {
    connections.add(caller);
    const called = await Deno.connect(server);
    connections.add(called);
    // Small messages would wait 40 ms for the one before to be acknowledged.
    for (const connection of [caller, called]) connection.setNoDelay();
    // Broken on purpose, by either side.
    await Promise.allSettled([
      caller.readable.pipeTo(called.writable),
      called.readable.pipeTo(caller.writable),
    ]);
    connections.delete(caller);
    connections.delete(called);
  }

  const shut = () => {
    listener?.close();
    listener = undefined;
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // It has broken off by itself.
      }
    }
    connections.clear();
  };
  let accepting = accept(listener);
  target.hostname = "127.0.0.1";
  target.port = String(port);
  return {
    url: target.href,
    shut,
    open() {
      listener = Deno.listen({ hostname: "127.0.0.1", port });
      accepting = accept(listener);
    },
    async [Symbol.asyncDispose]() {
      shut();
      await accepting;
      await Promise.all(passing);
    },
  };
}
