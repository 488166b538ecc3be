/**
 * Who may call, as the documentation says it: made from the same table that the guard holds requests to.
 *
 * @module
 */
import { type Access, accessTable, CLOSED, type Proof } from "../middleware/access_table.ts";
import { SESSION_COOKIE } from "../middleware/operator_session.ts";
import type { Operation } from "./operation.ts";

/** Every way to prove oneself, as OpenAPI names it. */
export const securitySchemes = {
  serviceToken: { type: "http", scheme: "bearer", description: "One of SERVICE_TOKENS." },
  operatorToken: { type: "http", scheme: "bearer", description: "One of OPERATOR_TOKENS." },
  operatorSession: {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
    description: "Set by signing in; over https with `__Host-` before its name.",
  },
  userToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A user's, as AUTH_SECRET or AUTH_JWKS_URL says.",
  },
  mailLink: { type: "apiKey", in: "query", name: "token", description: "From a mail's link." },
  qstashSignature: { type: "apiKey", in: "header", name: "Upstash-Signature" },
  githubSignature: { type: "apiKey", in: "header", name: "X-Hub-Signature-256" },
  standardSignature: { type: "apiKey", in: "header", name: "webhook-signature" },
  svixSignature: { type: "apiKey", in: "header", name: "svix-signature" },
  webhookToken: { type: "http", scheme: "bearer", description: "WEBHOOK_SECRET_SUPABASE." },
} as const;

type Requirement = Partial<Record<keyof typeof securitySchemes, readonly string[]>>;

const requirements: Readonly<Record<Proof, readonly Requirement[]>> = {
  "none": [],
  "user": [{ userToken: [] }],
  "user, if any": [{}, { userToken: [] }],
  "link": [{ mailLink: [] }],
  "QStash": [{ qstashSignature: [] }],
  "GitHub": [{ githubSignature: [] }],
  "Standard Webhooks": [{ standardSignature: [] }],
  "Svix": [{ svixSignature: [] }],
  "Supabase": [{ webhookToken: [] }],
};

const words: Readonly<Record<Proof, string>> = {
  "none": "Open to anyone",
  "user": "A user's token, in Authorization: Bearer",
  "user, if any": "Open to pages of CORS_ORIGINS; a user's token or a session says who it is",
  "link": "Whoever has the link of a mail",
  "QStash": "QStash's signature",
  "GitHub": "GitHub's signature",
  "Standard Webhooks": "The sender's signature, as Standard Webhooks says",
  "Svix": "The sender's signature, as Svix makes it",
  "Supabase": "Authorization: Bearer with the webhook's secret",
};

/** The row of the operation's route. */
export function accessOfOperation({ method, path, route }: Operation): Access {
  return accessTable[`${method} ${route ?? path}`] ?? CLOSED;
}

/** OpenAPI's `security`: any one of these will do; empty where nothing is asked for. */
export function securityOf(operation: Operation): Requirement[] {
  const { open, service, operator } = accessOfOperation(operation);
  return [
    ...(open ? requirements[open] : []),
    ...(service ? [{ serviceToken: [service] }] : []),
    ...(operator ? [{ operatorToken: [operator] }, { operatorSession: [operator] }] : []),
  ];
}

/** The same in a sentence. */
export function callersOf(operation: Operation): string {
  const { open, service, operator } = accessOfOperation(operation);
  return [
    ...(open ? [words[open]] : []),
    ...(service ? [`Authorization: Bearer with one of SERVICE_TOKENS (scope ${service})`] : []),
    ...(operator ? [`an operator (role ${operator}), signed in or by token`] : []),
  ].join("; or ");
}
