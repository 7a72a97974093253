// Parses os-release files: https://www.freedesktop.org/software/systemd/man/latest/os-release.html
import { FormatError, type Location } from '../../errors.ts'

const FORMAT = 'os-release'
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/
/** Characters before which a shell takes a backslash away between double quotes. */
const ESCAPED_IN_QUOTES = /\\(["$`\\])/g
/** Os-release files have some ten short lines. */
const MAX_LINE_LENGTH = 64 << 10

/**
 * Values by key, without their quotes; the last of several assignments wins, as in a shell. Errors: MALFORMED at a line
 * that is neither an assignment, a comment nor empty, or whose quotes do not match; LIMIT_EXCEEDED at a long line.
 */
export function parseOsRelease(text: string, where: Location): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  let offset = 0
  for (const raw of text.split('\n')) {
    const at = { ...where, offset }
    offset += Buffer.byteLength(raw) + 1
    if (raw.length > MAX_LINE_LENGTH)
      throw new FormatError(FORMAT, 'LIMIT_EXCEEDED', `expected lines of ${MAX_LINE_LENGTH}, got ${raw.length}`, { at })
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, key, quoted] = ASSIGNMENT.exec(line) ?? []
    const value = quoted === undefined ? undefined : unquote(quoted)
    if (key === undefined || value === undefined)
      throw new FormatError(FORMAT, 'MALFORMED', `expected KEY=value, got ${JSON.stringify(line.slice(0, 80))}`, { at })
    values.set(key, value)
  }
  return values
}

/**
 * A value as a shell reads it, undefined when a quote has no partner or more follows it: several quoted strings in one
 * value are not allowed. Spaces without quotes are read, as systemd does.
 */
function unquote(value: string): string | undefined {
  const quote = value[0]
  if (quote !== '"' && quote !== "'")
    return /^(?:[^"'\\]|\\.)*$/.test(value) ? value.replace(/\\(.)/g, '$1') : undefined
  const inner = value.slice(1, -1)
  if (value.length < 2 || value.at(-1) !== quote) return undefined
  if (quote === "'") return inner.includes("'") ? undefined : inner
  return /^(?:[^"\\]|\\.)*$/.test(inner) ? inner.replace(ESCAPED_IN_QUOTES, '$1') : undefined
}
