/**
 * Refusals that the API answers as `{"error": "<text>"}`.
 *
 * @module
 */

/** Thrown anywhere below a route; `message` is the text that the caller sees. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 412 | 429 | 500 | 501 | 502 | 503 | 504,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  toResponse(): Response {
    return Response.json({ error: this.message }, { status: this.status, headers: this.headers });
  }
}
