// Text that came out of an image or off a command line, made harmless for a terminal.

/** Control characters begin escape sequences; format characters hide or reorder the text beside them. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** `text` with every harmful character as `\u{1b}`; line feeds too unless `lines` keeps them. */
export function printable(text: string, { lines = false } = {}): string {
  return text.replace(HARMFUL, (character) =>
    lines && character === '\n' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** A copy of a JSON document with every string in it printable; line feeds stay. */
export function printableStrings<T>(document: T): T {
  return JSON.parse(JSON.stringify(document), (_, value: unknown) =>
    typeof value === 'string' ? printable(value, { lines: true }) : value,
  ) as T
}

/** The text of a JSON document: the same values, with every harmful character that JSON leaves in place as `\u009b`. */
export function jsonText(document: unknown): string {
  const text = JSON.stringify(document, null, 2)
  return `${text.replace(HARMFUL, (character) => (character === '\n' ? character : escapeUnits(character)))}\n`
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    const unit = character.charCodeAt(at)
    return `\\u${unit.toString(16).padStart(4, '0')}`
  }).join('')
}
