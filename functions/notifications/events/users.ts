/**
 * Accounts: welcome, password, verification.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent } from "../event.ts";

export const userEvents = {
  "user.reset.start": defineEvent({
    description: "To someone who forgot their password: a link that sets a new one.",
    data: z.object({ url: z.url(), minutes: z.int().positive().default(60) }),
    urgency: "urgent",
    mail: ({ url, minutes }) => ({
      subject: "Set a new password",
      blocks: [
        { kind: "text", text: "Somebody asked to set a new password for your account." },
        { kind: "button", label: "Set a new password", url },
        {
          kind: "text",
          text:
            `The link is good for ${minutes} minutes. If it was not you, do nothing: your password stays as it is.`,
        },
      ],
    }),
    sample: { url: "https://market.example/reset/4f7c2a", minutes: 60 },
  }),
};
