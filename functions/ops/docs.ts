/**
 * The API's documentation: `/openapi.json` for programs, `/docs` for people.
 *
 * Both are made from the table of endpoints, at the first request for them.
 *
 * @module
 */
import { Hono } from "hono";
import type { Registry } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { docsPage } from "./docs_page.ts";
import { openApiDocument, withJobs } from "./openapi.ts";
import type { Operation } from "./operation.ts";

export interface DocsOptions {
  operations: readonly Operation[];
  registry: Registry;
}

/** Makes the two routes. */
export function createDocsRoutes({ operations, registry }: DocsOptions): Hono<AppEnv> {
  let all: Operation[] | undefined;
  const rows = () => all ??= withJobs(operations, registry);
  return new Hono<AppEnv>()
    .get("/openapi.json", (c) => c.json(openApiDocument(rows(), c.var.deps.config.publicUrl)))
    .get("/docs", (c) => {
      c.header(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
      );
      return c.html(docsPage(rows(), c.var.deps.config.publicUrl));
    });
}
