/**
 * Refusals that the API answers as `{"error": {"message", "type", "param", "code"}}`.
 *
 * Codes and texts are those of OpenAI's list of errors.
 *
 * @module
 */

/** The body of a refusal, below `error`. */
export interface LlmApiFault {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** Thrown anywhere below a route. */
export class LlmApiError extends Error {
  override readonly name = "LlmApiError";
  constructor(
    readonly status: number,
    readonly fault: LlmApiFault,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(fault.message);
  }

  toResponse(): Response {
    const { status, fault, headers } = this;
    return Response.json({ error: fault }, { status, headers });
  }
}

/** What may be refused. */
export const refusals = {
  invalid: (message: string, param: string | null, code: string | null = null) =>
    new LlmApiError(400, { message, type: "invalid_request_error", param, code }),
  noKey: () =>
    new LlmApiError(401, {
      message: "You didn't provide an API key. You need to provide your API key in an " +
        "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
      type: "invalid_request_error",
      param: null,
      code: null,
    }),
  wrongKey: () =>
    new LlmApiError(401, {
      message: "Incorrect API key provided. You can find your API key at " +
        "https://platform.openai.com/account/api-keys.",
      type: "invalid_request_error",
      param: null,
      code: "invalid_api_key",
    }),
  noModel: (model: string) =>
    new LlmApiError(404, {
      message: `The model \`${model}\` does not exist or you do not have access to it.`,
      type: "invalid_request_error",
      param: null,
      code: "model_not_found",
    }),
  notFound: (method: string, path: string) =>
    new LlmApiError(404, {
      message: `Invalid URL (${method} ${path})`,
      type: "invalid_request_error",
      param: null,
      code: null,
    }),
  tooLong: () =>
    refusals.invalid(
      "This model's maximum context length is 128000 tokens. Please reduce the length of the messages.",
      "messages",
      "context_length_exceeded",
    ),
  tooManyRequests: (perMinute: number, headers: Readonly<Record<string, string>>) =>
    new LlmApiError(429, {
      message:
        `Rate limit reached on requests per min (RPM): Limit ${perMinute}. Please try again later.`,
      type: "requests",
      param: null,
      code: "rate_limit_exceeded",
    }, headers),
  quota: () =>
    new LlmApiError(429, {
      message: "You exceeded your current quota, please check your plan and billing details.",
      type: "insufficient_quota",
      param: null,
      code: "insufficient_quota",
    }),
  unavailable: (status: number, headers: Readonly<Record<string, string>>) =>
    new LlmApiError(status, {
      message: "The server had an error while processing your request. Sorry about that!",
      type: "server_error",
      param: null,
      code: null,
    }, headers),
} as const;
