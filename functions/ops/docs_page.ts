/**
 * The documentation as one page: no script, nothing to load.
 *
 * @module
 */
import { html } from "hono/html";
import { type ErrorCode, errorTitles } from "../../shared/mod.ts";
import { problemStatuses } from "../middleware/problem.ts";
import { docsStyle } from "./docs_style.ts";
import { parametersOf, problemsOf, schemaOf } from "./openapi.ts";
import type { Operation } from "./operation.ts";
import { callersOf } from "./security.ts";

/** Makes the page. */
export function docsPage(operations: readonly Operation[], publicUrl: string) {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Zeropoll API</title>
        <style>${docsStyle}</style>
      </head>
      <body>
        <a class="skip" href="#operations">Skip to the operations</a>
        <header>
          <h1>Zeropoll API</h1>
          <p>Every operation with its fields and its price, in billed Redis commands and QStash messages.
    For programs: <a href="openapi.json">openapi.json</a>.</p>
        </header>
        <nav aria-label="Operations">
          <ul>
    ${operations.map((operation) =>
      html`<li><a href="#${anchorOf(operation)}">${badge(operation)} ${operation.path}</a></li>`
    )}
    <li><a href="#problems">Problems</a></li>
          </ul>
        </nav>
        <main id="operations">
    ${operations.map((operation) => section(operation, publicUrl))}
    ${problems()}
        </main>
      </body>
    </html>
  `;
}

function section(operation: Operation, publicUrl: string) {
  const { summary, price, answers } = operation;
  return html`
    <section id="${anchorOf(operation)}" aria-labelledby="${anchorOf(operation)}-title">
    <h2 id="${anchorOf(operation)}-title">${badge(operation)} <code>${operation.path}</code></h2>
    <p>${summary}</p>
    <dl>
    <dt>Caller</dt><dd>${callersOf(operation)}</dd>
    <dt>Price</dt><dd>Redis commands: ${price.commands}. Messages: ${price.messages}.</dd>
    </dl>
    ${fieldTable("What it takes", fieldsOf(operation))}
    <h3>What it answers</h3>
    <ul>
    ${Object.entries(answers).map(([status, { description }]) =>
      html`<li><strong>${status}</strong> ${description}</li>`
    )}
    ${problemsOf(operation).map((code) =>
      html`<li>${problemStatuses[code]} <a href="#${code}"><code>${code}</code></a></li>`
    )}
    </ul>
    ${operation.caller === "QStash" ? "" : html`<h3>Sample</h3>
<pre tabindex="0"><code>${curlOf(operation, publicUrl)}</code></pre>`}
    </section>
  `;
}

/** One line of a table of fields. */
interface Field {
  name: string;
  type: string;
  required: boolean;
  description: string;
}

function fieldTable(title: string, fields: readonly Field[]) {
  if (fields.length === 0) return "";
  return html`
    <h3>${title}</h3>
    <table>
      <thead>
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
    ${fields.map(({ name, type, required, description }) =>
      html`
        <tr>
          <td><code>${name}</code>${required ? " (required)" : ""}</td>
          <td>${type}</td>
          <td>${description}</td>
        </tr>
      `
    )}
      </tbody>
    </table>
  `;
}

function fieldsOf(operation: Operation): Field[] {
  const parameters = parametersOf(operation).map((parameter): Field => ({
    name: parameter.name,
    type: `text, in the ${parameter.in}`,
    required: parameter.required ?? false,
    description: parameter.description,
  }));
  const body = operation.request ? schemaOf(operation.request, "input") : {};
  return [...parameters, ...propertiesOf(body as JsonSchema, "")];
}

/** The part of JSON Schema that the page shows. */
interface JsonSchema {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
}

function propertiesOf(schema: JsonSchema, prefix: string): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const name = `${prefix}${key}`;
    const nested = property.type === "array"
      ? propertiesOf(property.items ?? {}, `${name}[].`)
      : propertiesOf(property, `${name}.`);
    return [{
      name,
      type: typeOf(property),
      required: schema.required?.includes(key) ?? false,
      description: property.description ?? "",
    }, ...nested];
  });
}

function typeOf({ type = "any JSON", format, maxLength, maxItems, maximum, ...rest }: JsonSchema) {
  return [
    format ? `${type} (${format})` : type,
    maxLength === undefined ? "" : `at most ${maxLength} characters`,
    maxItems === undefined ? "" : `at most ${maxItems}`,
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? "" : `at most ${maximum}`,
    rest.default === undefined ? "" : `default ${JSON.stringify(rest.default)}`,
  ].filter(Boolean).join(", ");
}

function problems() {
  const codes = Object.keys(errorTitles) as ErrorCode[];
  return html`
    <section id="problems" aria-labelledby="problems-title">
      <h2 id="problems-title">Problems</h2>
      <p>A failed request answers <code>application/problem+json</code>. Programs may rely on
    <code>code</code>; <code>fields</code> names what was wrong, and <code>Retry-After</code> says when
    to come back.</p>
      <table>
        <thead>
          <tr>
            <th>Code</th>
            <th>Status</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
    ${codes.map((code) =>
      html`
        <tr id="${code}">
          <td><code>${code}</code></td>
          <td>${problemStatuses[code]}</td>
          <td>${errorTitles[code]}</td>
        </tr>
      `
    )}
        </tbody>
      </table>
    </section>
  `;
}

function curlOf({ method, path, caller, request, parameters, sample }: Operation, url: string) {
  const address = url + path.replace(/:name\b/, "debug.echo").replace(/:(\w+)/g, "<$1>");
  const body = sample ?? (request ? sampleOf(schemaOf(request, "input") as JsonSchema) : undefined);
  const headers = [
    ...(caller === "backend" ? ["Authorization: Bearer $SERVICE_TOKEN"] : []),
    ...(parameters ?? []).filter((parameter) => parameter.in === "header" && parameter.required)
      .map(({ name }) => `${name}: …`),
    ...(body === undefined ? [] : ["Content-Type: application/json"]),
  ];
  return [
    `curl ${method === "GET" ? "" : `-X ${method} `}'${address}'`,
    ...headers.map((header) => `-H "${header}"`),
    ...(body === undefined ? [] : [`-d '${JSON.stringify(body)}'`]),
  ].join(" \\\n  ");
}

/** The required fields alone, each with a value of its type. */
function sampleOf(schema: JsonSchema): unknown {
  if (schema.type === "object") {
    return Object.fromEntries((schema.required ?? []).map((key) => [
      key,
      sampleOf(schema.properties?.[key] ?? {}),
    ]));
  }
  const byType: Record<string, unknown> = { string: "text", array: [], boolean: false };
  return byType[schema.type ?? ""] ?? (schema.type === undefined ? {} : 1);
}

function badge({ method }: Operation) {
  return html`<span class="method ${method.toLowerCase()}">${method}</span>`;
}

function anchorOf({ method, path }: Operation): string {
  return `${method}${path}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
