/**
 * What every feature holds of people. A new feature adds its line; a test names what is missing.
 *
 * @module
 */
import type { Config, PeopleContributions } from "../shared/mod.ts";
import { chatPeople } from "./chat/people.ts";
import { createFeedPeople } from "./feed/people.ts";
import { jobsPeople } from "./jobs/people.ts";
import { limitsPeople } from "./limits/people.ts";
import { createNotificationsPeople } from "./notifications/people.ts";
import { profilesPeople } from "./profiles/people.ts";

export function createPeople(config: Config): PeopleContributions {
  return {
    jobs: jobsPeople,
    limits: limitsPeople,
    feed: createFeedPeople(config),
    notifications: createNotificationsPeople(config),
    chat: chatPeople,
    profiles: profilesPeople,
  };
}
