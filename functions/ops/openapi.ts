/**
 * The table of endpoints as an OpenAPI 3.1 document.
 *
 * @module
 */
import * as z from "zod";
import { type ErrorCode, errorTitles, type Registry } from "../../shared/mod.ts";
import { problemStatuses } from "../middleware/problem.ts";
import { Problem } from "./contracts.ts";
import type { Caller, Operation, OperationParameter } from "./operation.ts";
import { securityOf, securitySchemes } from "./security.ts";
import { version } from "./version.ts";

const callerProblems: Readonly<Record<Caller, readonly ErrorCode[]>> = {
  anyone: [],
  browser: ["origin_refused", "token_invalid", "not_configured"],
  operator: ["operator_missing", "permission_missing", "not_configured"],
  backend: ["token_missing", "token_invalid", "permission_missing", "not_configured"],
  webhook: ["signature_missing", "signature_invalid", "not_configured", "body_too_large"],
  QStash: ["signature_missing", "signature_invalid", "signature_expired", "body_too_large"],
};

/** Every failure that an operation may answer, with its caller's, by status. */
export function problemsOf({ caller, problems = [] }: Operation): ErrorCode[] {
  return [...new Set([...callerProblems[caller], ...problems])]
    .sort((one, other) => problemStatuses[one] - problemStatuses[other]);
}

/** The path's own parameters, then the operation's. */
export function parametersOf({ path, parameters = [] }: Operation): OperationParameter[] {
  const own = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)
    .filter((name) => !parameters.some((parameter) => parameter.name === name))
    .map((name): OperationParameter => ({ name, in: "path", description: "", required: true }));
  return [...own, ...parameters];
}

/** The operations, and one more for each job: the enqueueing of it, with its own input. */
export function withJobs(operations: readonly Operation[], registry: Registry): Operation[] {
  return operations.flatMap((operation) => {
    if (operation.path !== "/api/jobs/:name" || operation.method !== "POST") return [operation];
    const each = Object.values(registry).map((job): Operation => ({
      ...operation,
      path: `/api/jobs/${job.name}`,
      route: operation.path,
      parameters: operation.parameters?.filter((parameter) => parameter.in !== "path"),
      summary: job.description,
      request: (operation.request as z.ZodObject).extend({ input: job.input }),
      price: job.tracked ? operation.price : { ...operation.price, commands: "0" },
      sample: undefined,
    }));
    return [operation, ...each];
  });
}

/** The JSON Schema of what is sent (`input`) or answered (`output`). */
export function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

/** Makes the document. */
export function openApiDocument(operations: readonly Operation[], publicUrl: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: entryOf(operation) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Zeropoll", version, description: "Jobs that nothing polls for." },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      securitySchemes,
      schemas: { Problem: schemaOf(Problem, "output") },
    },
  };
}

function entryOf(operation: Operation) {
  return {
    operationId: `${operation.method} ${operation.path}`.toLowerCase().replace(/[^a-z0-9]+/g, "_"),
    summary: operation.summary,
    "x-price": operation.price,
    security: securityOf(operation),
    parameters: parametersOf(operation).map((parameter) => ({
      ...parameter,
      schema: { type: "string" },
    })),
    ...(operation.request && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemaOf(operation.request, "input") } },
      },
    }),
    responses: { ...answersOf(operation), ...problemAnswersOf(operation) },
  };
}

function answersOf({ answers }: Operation) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, body, contentType }]) => [status, {
      description,
      ...((body || contentType) && {
        content: {
          [contentType ?? "application/json"]: body ? { schema: schemaOf(body, "output") } : {},
        },
      }),
    }]),
  );
}

/** By status: several codes may share one. */
function problemAnswersOf(operation: Operation) {
  const answers: Record<string, { description: string; content: unknown }> = {};
  for (const code of problemsOf(operation)) {
    const status = String(problemStatuses[code]);
    const description = `\`${code}\`: ${errorTitles[code]}.`;
    answers[status] = {
      description: answers[status] ? `${answers[status].description} ${description}` : description,
      content: {
        "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
      },
    };
  }
  return answers;
}
