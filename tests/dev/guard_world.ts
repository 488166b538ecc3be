/**
 * Every server in dev on real ports, and a client that can say what browsers say.
 *
 * @module
 */
import { request } from "node:http";
import { createCloud } from "../../dev/cloud.ts";
import type { Cloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { silentLog } from "../support/silent_log.ts";

export type Headers = Record<string, string>;

/** With any `Host`, which `fetch` does not let one choose. */
export function send(
  url: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: Headers; body?: string },
): Promise<{ status: number; text: string; headers: Headers }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      let text = "";
      answer.on("data", (part) => text += part);
      answer.on(
        "end",
        () => resolve({ status: answer.statusCode!, text, headers: answer.headers as Headers }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** One call that does something at each server, and whether it was done. */
export interface Target {
  name: string;
  url: string;
  method: string;
  headers: Headers;
  body?: string;
  wasDone(): Promise<boolean> | boolean;
}

/** A call of each server and of the app, with the right token. */
export function targets(cloud: Cloud): Target[] {
  const { environment } = cloud;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  return [
    {
      name: "redis",
      url: environment.UPSTASH_REDIS_REST_URL,
      method: "POST",
      headers: bearer(cloud.redis.token),
      body: `["SET","planted","1"]`,
      wasDone: () => cloud.redis.meter.snapshot().commands > 0,
    },
    {
      name: "qstash",
      url: `${environment.QSTASH_URL}/v2/publish/http://127.0.0.1:9/planted`,
      method: "POST",
      headers: { ...bearer(cloud.qstash.token), "upstash-delay": "1h" },
      body: "{}",
      wasDone: () => cloud.qstash.messages().length > 0,
    },
    {
      name: "mail",
      url: `${environment.RESEND_BASE_URL}/emails`,
      method: "POST",
      headers: { ...bearer(cloud.mail.token), "user-agent": "a page" },
      body: JSON.stringify({ from: "a@b.dev", to: "c@d.dev", subject: "planted", text: "x" }),
      wasDone: () => cloud.mail.mails().length > 0,
    },
    {
      name: "llm",
      url: `${environment.OPENAI_BASE_URL}/chat/completions`,
      method: "POST",
      headers: bearer(cloud.llm.token),
      body: JSON.stringify({ model: "any", messages: [{ role: "user", content: "/say x" }] }),
      wasDone: () => cloud.llm.counts().requests > 0,
    },
    {
      name: "the app",
      url: `${cloud.url}/api/jobs/debug.echo`,
      method: "POST",
      headers: bearer(environment.SERVICE_TOKENS),
      body: JSON.stringify({ input: { message: "planted" } }),
      wasDone: () => cloud.qstash.messages().length > 0,
    },
  ];
}

/** On the wall's clock, since a model's answer takes time. */
export function openCloud(): Promise<Cloud> {
  return createCloud({
    clock: "wall",
    environment: { CORS_ORIGINS: "*" },
    app: (environment) => createApp(createDeps(readConfig(environment), { log: silentLog })),
  });
}
