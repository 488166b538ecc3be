/**
 * What a setting may be reported for.
 *
 * @module
 */

/** Something that is said of a setting; never its value. */
export interface SettingNote {
  setting: string;
  message: string;
}

/** Where the readers of settings put what they find: a fault ends the start, a warning is logged. */
export interface SettingNotes {
  faults: SettingNote[];
  warnings: SettingNote[];
}

/** The items of a comma list. */
export function itemsOf(text: string | undefined): string[] {
  return (text ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
}
