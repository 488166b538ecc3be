/**
 * An answer that the caller meets as a broken connection.
 *
 * @module
 */

/**
 * Over a socket a handler cannot reset the connection. A head larger than any client takes (Deno,
 * Node, curl, Python) comes to the same there: `fetch` rejects before there is a status.
 * A caller in this process meets the body, which fails.
 */
export function brokenConnection(server: string): Response {
  const body = new ReadableStream({
    // A string: Deno prints what it gets, and a stack would look like a failure of this server.
    pull: (controller) => controller.error(`${server}: connection closed by a fault`),
  });
  return new Response(body, { headers: oversizedHead });
}

const oversizedHead = Array.from({ length: 128 }, (_, n): [string, string] => [
  `x-broken-by-fault-${n}`,
  "-".repeat(4_096),
]);
