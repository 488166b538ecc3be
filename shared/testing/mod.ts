/**
 * The system in one process, for tests of your own jobs: a thin face on dev/.
 *
 * Real HTTP on loopback, the vendors' protocols, and a clock that the test moves. Never part
 * of what is deployed.
 *
 * @module
 */
export {
  type App,
  type Cloud,
  type CloudOptions,
  cloudSecrets,
  createCloud,
} from "../../dev/cloud.ts";
export { type DevClock, VirtualClock, WallClock } from "../../dev/clock.ts";
export type { Fault as QstashFault } from "../../dev/qstash/faults.ts";
export type { RedisFault } from "../../dev/redis/faults.ts";
export { priced } from "../../dev/redis/meter.ts";
