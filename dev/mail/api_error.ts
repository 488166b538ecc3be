/**
 * Refusals that the API answers as `{"statusCode", "name", "message"}`.
 *
 * Names and texts are those of Resend's list of errors.
 *
 * @module
 */

/** Thrown anywhere below a route; `reason` is Resend's name for it, `message` what the caller sees. */
export class MailApiError extends Error {
  override readonly name = "MailApiError";
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  toResponse(): Response {
    const { status, reason, message, headers } = this;
    return Response.json({ statusCode: status, name: reason, message }, { status, headers });
  }
}

/** What is refused the same way in more than one place. */
export const refusals = {
  invalidAddress: (field: string) =>
    new MailApiError(
      422,
      "validation_error",
      `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` ` +
        "or `Name <email@example.com>` format.",
    ),
  tooManyRequests: (perSecond: number, retryAfter: string) =>
    new MailApiError(
      429,
      "rate_limit_exceeded",
      `Too many requests. You can only make ${perSecond} requests per second. See rate limit ` +
        "response headers for more information. Or contact support to increase rate limit.",
      { "retry-after": retryAfter },
    ),
  quota: (period: "daily" | "monthly", headers: Readonly<Record<string, string>>) =>
    new MailApiError(
      429,
      `${period}_quota_exceeded`,
      `You have reached your ${period} email sending quota.`,
      headers,
    ),
  unavailable: (status: number, headers: Readonly<Record<string, string>>) =>
    new MailApiError(status, "internal_server_error", "An unexpected error occurred.", headers),
  unverifiedDomain: (domain: string) =>
    new MailApiError(
      403,
      "validation_error",
      `The ${domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains`,
    ),
} as const;
