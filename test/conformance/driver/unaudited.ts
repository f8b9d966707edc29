/** Drivers that have no twin yet, each with the reason. */
export const unaudited: Readonly<Record<string, string>> = {}
