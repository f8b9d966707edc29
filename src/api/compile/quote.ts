/** Texts as JSON has them. */

/** What must be escaped: quotes, backslashes, control characters, and halves of surrogate pairs that may stand alone. */
const special = /["\\\u0000-\u001f\ud800-\udfff]/

/** Longer ones are quicker in the engine's own hands. */
const short = 48

/** The same as `JSON.stringify` of a text. */
export function quote(text: string): string {
  if (text.length > short) return JSON.stringify(text)
  return special.test(text) ? JSON.stringify(text) : `"${text}"`
}
