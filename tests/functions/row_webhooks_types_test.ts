/**
 * What does not compile: each `@ts-expect-error` is an assertion of `deno check`.
 *
 * @module
 */
import * as z from "zod";
import { created } from "../../functions/notifications/triggers/change.ts";
import { trigger } from "../../functions/notifications/triggers/trigger.ts";

const common = {
  name: "message.created",
  collections: ["messages"],
  when: created(),
  row: z.object({ email: z.email(), text: z.string() }),
};
const url = "https://market.example/messages/7";

Deno.test("a trigger's events, payloads and columns are checked by the compiler", () => {
  trigger({
    ...common,
    tell: ({ row: { email, text } }) => [
      { event: "message.new", to: { email }, data: { from: "Ada", text, url } },
    ],
  });
  trigger({
    ...common,
    tell: ({ row: { email } }) => [
      // @ts-expect-error: the payload lacks its text
      { event: "message.new", to: { email }, data: { from: "Ada", url } },
    ],
  });
  trigger({
    ...common,
    tell: ({ row: { email, text } }) => [
      // @ts-expect-error: that is another event's payload
      { event: "user.reset.start", to: { email }, data: { from: "Ada", text } },
    ],
  });
  trigger({
    ...common,
    // @ts-expect-error: there is no such event
    tell: ({ row: { email } }) => [{ event: "message.old", to: { email }, data: { url } }],
  });
  trigger({
    ...common,
    // @ts-expect-error: the row's schema has no such column
    tell: ({ row: { email, subject } }) => [
      { event: "message.new", to: { email }, data: { from: "Ada", text: subject, url } },
    ],
  });
});
