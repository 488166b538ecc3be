/**
 * `llm_app.ts` as a worker.
 *
 * @module
 */
import { createLlmApp } from "./llm_app.ts";

export default {
  fetch: (request: Request, environment: Record<string, string>) =>
    createLlmApp(environment).fetch(request),
};
