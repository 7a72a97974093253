// Writes a string in YAML as gopkg.in/yaml.v3 (v3.0.1) does: encode.go stringv, emitterc.go yaml_emitter_analyze_scalar.
// Texts of extensions are short and harmless, but each style that Go can choose must read back as the same text.

/** Spaces by which Go indents a level; a block that begins with a space says so in its header. */
const INDENT = 4
const DIGITS = /^[-+]?(?:0x[0-9a-f_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*)$/i
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt ])/
const WORDS = /^(?:~|null|true|false|y|yes|on|n|no|off|[-+]?\.inf|\.nan|<<)?$/i
const INDICATORS_AT_START = /^[#,[\]{}&*!|>'"%@`]/
/** Neither line feed nor printable (yaml_emitter_is_printable); a tab is neither to it. */
const SPECIAL = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u

/** The scalar as it is behind `key: `; `indent` is that of the lines of a block, in spaces. */
export function encodeYamlScalar(text: string, indent: number): string {
  const isWord = WORDS.test(text) || [DIGITS, FLOAT, BASE_60, TIMESTAMP].some((pattern) => pattern.test(text))
  if (text.includes('\n')) return canBeBlock(text) ? encodeBlock(text, indent) : encodeDouble(text)
  if (isWord || SPECIAL.test(text)) return encodeDouble(text)
  return canBePlain(text) ? text : `'${text.replaceAll("'", "''")}'`
}

function canBePlain(text: string): boolean {
  if (/^ | $/.test(text) || INDICATORS_AT_START.test(text)) return false
  if (/^(?:---|\.\.\.)/.test(text) || /^[-?:](?: |$)/.test(text)) return false
  return !/:(?: |$)| #/.test(text)
}

/** A space before a line's end or at the very end would be lost on whoever edits the file, says Go's emitter. */
function canBeBlock(text: string): boolean {
  return !SPECIAL.test(text) && !/ \n| $/.test(text)
}

function encodeBlock(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? String(INDENT) : ''
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : ''
  const lines = text.replace(/\n$/, '').split('\n')
  const body = lines.map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`))
  return [`|${hint}${chomp}`, ...body].join('\n')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function encodeDouble(text: string): string {
  const characters = [...text].map((character) => {
    const named = ESCAPES[character]
    if (named !== undefined) return named
    if (!SPECIAL.test(character)) return character
    const code = character.codePointAt(0) ?? 0
    if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  })
  return `"${characters.join('')}"`
}
