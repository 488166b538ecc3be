/**
 * What QStash holds for the app: messages on their way, schedules, and letters that nobody brought.
 *
 * QStash lists no waiting messages, so those are named without a number.
 *
 * @module
 */
import type { Loss, SettingCheck } from "./loss.ts";

const LETTERS_TODO =
  "keep the old address answering until its messages are delivered; what fails meanwhile is taken in " +
  "from QStash's list (3 days on its free plan) and can be replayed to the new one";

/** Another address: what is on its way goes to the old one, and is signed for it. */
export const checkPublicUrl: SettingCheck = async ({ deps: { config, queue }, next }) => {
  if (config.publicUrl === next.publicUrl) return [];
  const losses: Loss[] = [{
    what: "PUBLIC_URL: messages on their way (jobs, retries, deferrals, armed schedules)",
    lost:
      "they are delivered to the old address; an app with the new setting answers them with 401",
    todo: LETTERS_TODO,
  }];
  const schedules = (await queue.schedules()).filter(({ url }) =>
    url.startsWith(`${config.publicUrl}/`)
  );
  if (schedules.length > 0) {
    losses.push({
      what: `PUBLIC_URL: ${schedules.length} schedules`,
      lost: "their ticks go to the old address",
      todo: "run deno task schedules --apply under the new setting",
    });
  }
  if (config.mail) {
    losses.push({
      what: "PUBLIC_URL: links in mails that were sent",
      lost:
        "unsubscribe links, and the addresses that providers and webhooks call, lead to the old one",
      todo: "have the old address redirect, and change it at the senders of webhooks",
    });
  }
  return losses;
};

/** Another account or region of QStash. */
export const checkQueue: SettingCheck = async ({ deps: { config, queue }, next }) => {
  const { url, token } = config.queue;
  if (url === next.queue.url && token === next.queue.token) return [];
  const setting = url === next.queue.url ? "QSTASH_TOKEN" : "QSTASH_URL";
  const [schedules, { letters }] = await Promise.all([queue.schedules(), queue.deadLetters()]);
  const [current, following] = [next.queue.currentSigningKey, next.queue.nextSigningKey];
  const keepsKeys = [config.queue.currentSigningKey, config.queue.nextSigningKey].some((key) =>
    key === current || key === following
  );
  return [
    {
      what: `${setting}: messages on their way in the account or region of today`,
      lost: keepsKeys
        ? "they are delivered; jobs cannot be cancelled, nor found as queued, any more"
        : "they are delivered with signatures of the old keys, which are answered with 401",
      todo: "wait until they are delivered; a token that was only rolled changes nothing of this",
    },
    ...(schedules.length > 0
      ? [{
        what: `${setting}: ${schedules.length} schedules`,
        lost: "they go on in the old account, and are missing in the new one",
        todo: "remove them there; run deno task schedules --apply under the new setting",
      }]
      : []),
    ...(letters.length > 0
      ? [{
        what: `${setting}: ${letters.length} or more letters in QStash's list`,
        lost: "those of jobs that were not taken in yet stay behind, for 3 days on the free plan",
        todo: "open the page of dead letters under the old setting first: it takes them in",
      }]
      : []),
  ];
};

/** Keys that QStash's deliveries are signed with. */
export const checkSigningKeys: SettingCheck = ({ deps: { config }, next }) => {
  const before = [config.queue.currentSigningKey, config.queue.nextSigningKey];
  const after = [next.queue.currentSigningKey, next.queue.nextSigningKey];
  if (before.some((key) => after.includes(key))) return [];
  return [{
    what: "QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY: none of today's is left",
    lost:
      "deliveries that are signed with today's are answered with 401 until QStash uses the new ones",
    todo: "roll them in QStash's console, then set the new pair: its current one is today's next",
  }];
};
