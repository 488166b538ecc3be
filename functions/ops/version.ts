/** The version of this app, as CHANGELOG.md lists it. */
export const version = "0.1.0";
