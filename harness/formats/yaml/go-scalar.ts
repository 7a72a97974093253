// A string as go-yaml writes it in block style: encode.go `stringv`, resolve.go, emitterc.go `yaml_emitter_analyze_scalar`
// of gopkg.in/yaml.v3 v3.0.1. go.yaml.in/yaml/v4 (rc.3 to rc.6) writes the same but for what `isWrittenDifferently` says.
import { isGoString } from './go-resolve.ts'

/** Spaces of a level, given in the header of a block that begins with one. */
const INDENT = 4
/** Columns behind which v4 rc.5 breaks a text in double quotes; what is before it on its line included. */
const WIDTH = 80
/** Line breaks to go-yaml beside the line feed, and the byte order mark, behind which it escapes whatever follows. */
const OTHER_BREAKS = /[\r\x85\u2028\u2029\ufeff]/
/** Neither line feed nor printable to yaml_emitter_is_printable; a tab counts by itself. */
const SPECIAL = /[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u
const OLD_WORD = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<)$/
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

/**
 * True if the releases of go-yaml that Talos was built with differ, or may, in how they write `text`: words of YAML
 * 1.1, numbers to the base of 60, blank space around line breaks, what only double quotes can hold and is long.
 */
export function isWrittenDifferently(text: string): boolean {
  if (OLD_WORD.test(text) || BASE_60.test(text) || OTHER_BREAKS.test(text)) return true
  if (text.includes('\n'))
    return /^[ \t\n]/.test(text) || /^\s*$/.test(text) || (text.length > WIDTH / 2 && !canBeBlock(text))
  return text.length > WIDTH / 2 && text.includes(' ') && writeGoScalar(text, 0).startsWith('"')
}

/** The scalar as go-yaml writes it behind `key: `, the lines of a block at `indent` spaces. */
export function writeGoScalar(text: string, indent: number): string {
  if (text.includes('\n')) return canBeBlock(text) ? writeBlock(text, indent) : writeDouble(text)
  if (!isGoString(text)) return writeDouble(text)
  if (canBePlain(text)) return text
  return canBeSingle(text) ? `'${text.replaceAll("'", "''")}'` : writeDouble(text)
}

function canBeSingle(text: string): boolean {
  return !SPECIAL.test(text) && !text.includes('\t')
}

function canBePlain(text: string): boolean {
  if (!canBeSingle(text) || /^ | $/.test(text)) return false
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^(?:---|\.\.\.)/.test(text)) return false
  return !/^[-?](?: |$)/.test(text) && !/:(?: |$)/.test(text) && !/ #/.test(text)
}

/** No blank space before a line's end, which an editor would lose. */
function canBeBlock(text: string): boolean {
  return !SPECIAL.test(text) && !/ (?:\n|$)/.test(text)
}

function writeBlock(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? `${INDENT}` : ''
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  const chomping = body === text ? '-' : body.endsWith('\n') || body === '' ? '+' : ''
  const lines = body.split('\n').map((line) => (line === '' ? line : ' '.repeat(indent) + line))
  return `|${hint}${chomping}\n${lines.join('\n')}`
}

const NAMED: ReadonlyMap<number, string> = new Map([
  [0x00, '0'],
  [0x07, 'a'],
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0b, 'v'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x1b, 'e'],
  [0x22, '"'],
  [0x5c, '\\'],
])

function writeDouble(text: string): string {
  return `"${Array.from(text, writeCharacter).join('')}"`
}

function writeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const name = NAMED.get(code)
  if (name !== undefined) return `\\${name}`
  if (!SPECIAL.test(character)) return character
  const [letter, digits] = code <= 0xff ? ['x', 2] : code <= 0xffff ? ['u', 4] : ['U', 8]
  return `\\${letter}${code.toString(16).toUpperCase().padStart(digits, '0')}`
}
