/**
 * Secrets and addresses of others: what was made with today's cannot be read with another.
 *
 * @module
 */
import { dayOf } from "../../shared/mod.ts";
import type { SettingCheck } from "./loss.ts";

/** What hashes of people and addresses are made with. */
export const checkIdentitySecret: SettingCheck = ({ deps: { config, clock }, next }) => {
  if (config.identitySecret === next.identitySecret) return [];
  return [
    {
      what: `IDENTITY_SECRET: who has seen what on ${dayOf(clock.now())}`,
      lost:
        "everybody is somebody new, so today's views count twice; favorites can no longer be taken " +
        "back, nor are they known when they are given again",
      todo: "keep it; if it leaked, change it shortly after midnight UTC, when yesterday is closed",
    },
    ...(config.mail
      ? [{
        what: "IDENTITY_SECRET: suppressions, and unsubscribe links in mails that were sent",
        lost:
          "recipients are known by hashes of their addresses: who unsubscribed, complained or " +
          "bounced gets mail again, and the links of mails no longer work",
        todo:
          "keep it; else export the addresses from the provider's own list, and suppress them there",
      }]
      : []),
  ];
};

/** How users' tokens are checked. */
export const checkUserTokens: SettingCheck = ({ deps: { config }, next }) => {
  if (JSON.stringify(config.userTokens) === JSON.stringify(next.userTokens)) return [];
  if (config.userTokens === undefined) return [];
  return [{
    what: "AUTH_SECRET, AUTH_JWKS_URL: tokens that users carry",
    lost:
      "tokens that only today's setting accepts are refused from then on; nothing that is stored",
    todo:
      "issue tokens of the new kind, and have people sign in again; user ids must stay the same, " +
      "or conversations and profiles are somebody else's",
  }];
};

/** Who sends mail, and how fast. */
export const checkMail: SettingCheck = ({ deps: { config }, next }) => {
  if (!config.mail) return [];
  const { mail } = next;
  if (mail?.apiKey === config.mail.apiKey && mail.baseUrl === config.mail.baseUrl) return [];
  return [{
    what: mail
      ? "RESEND_API_KEY, RESEND_BASE_URL: mail on its way"
      : "RESEND_API_KEY: it is taken away",
    lost: mail
      ? "the provider tells a repeated mail by its key within one account: one whose answer was lost " +
        "just before the change may be sent twice"
      : "mail that waits is put off until it is set again, at most as often as its job may defer",
    todo: mail ? "change it while no mail is on its way" : "set it again, or cancel what waits",
  }];
};

/** What secrets in messages are sealed under. */
export const checkSecretKeys: SettingCheck = ({ deps: { config }, next }) => {
  const gone = config.secretKeys.filter((key) => !next.secretKeys.includes(key));
  if (gone.length === 0) return [];
  return [{
    what: `SECRET_KEYS: ${gone.length} of today's are left out`,
    lost:
      "secrets in messages and dead letters that were sealed under them can never be read again",
    todo:
      "put the new one first and leave the old ones behind it, for as long as a message may wait " +
      "and 30 days more",
  }];
};
