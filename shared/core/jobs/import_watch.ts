/**
 * What an isolate remembers of the import of dead letters.
 *
 * @module
 */

/** Plain data; one for each isolate. */
export class ImportWatch {
  /** When it last looked whether this hour's import is on its way, in epoch ms. */
  lookedAt = -Infinity;
  /** The hour whose import is known to be. */
  hour = -1;

  /** One that has looked for good: nothing is armed, where every message is counted. */
  static off(): ImportWatch {
    return Object.assign(new ImportWatch(), { lookedAt: Infinity });
  }
}
