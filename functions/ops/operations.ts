/**
 * The endpoints for whoever runs or reads about the system.
 *
 * @module
 */
import { Health } from "./contracts.ts";
import type { Operation } from "./operation.ts";

const free = { commands: "0", messages: "0" };

export const opsOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/health",
    summary: "Says that the app runs, which version, and what is switched on. Touches nothing.",
    caller: "anyone",
    answers: { 200: { description: "It runs.", body: Health } },
    price: free,
  },
  {
    method: "GET",
    path: "/openapi.json",
    summary: "This API as an OpenAPI 3.1 document.",
    caller: "anyone",
    answers: { 200: { description: "The document." } },
    price: free,
  },
  {
    method: "GET",
    path: "/docs",
    summary: "This API as a page to read.",
    caller: "anyone",
    answers: { 200: { description: "The page.", contentType: "text/html" } },
    price: free,
  },
];
