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
    path: "/",
    summary: "Where to go on: a page for people, JSON for programs.",
    caller: "anyone",
    answers: { 200: { description: "The links.", contentType: "text/html" } },
    price: free,
  },
  {
    method: "GET",
    path: "/health",
    summary:
      "Says that the app runs, which version, what is switched on, and whether Postgres is short of tables.",
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
