// The tokens of a text that JSON.parse takes: https://www.rfc-editor.org/rfc/rfc8259#section-2

export type Token = {
  readonly kind: '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'literal'
  readonly text: string
  readonly at: number
  /** True if blank space precedes it. */
  readonly spaced: boolean
}

const STRUCTURE = new Set(['{', '}', '[', ']', ',', ':'])
const BLANK = /[ \t\n\r]*/y
const LITERAL = /[^ \t\n\r{}[\],:"]+/y

/** Tokens of text that is no JSON mean nothing, but they end. */
export function* tokensOf(text: string): Generator<Token, void, void> {
  for (let at = 0; ;) {
    BLANK.lastIndex = at
    const start = at + (BLANK.exec(text)?.[0].length ?? 0)
    const character = text[start]
    if (character === undefined) return
    const spaced = start > at
    if (STRUCTURE.has(character)) {
      yield { kind: character as '{', text: character, at: start, spaced }
      at = start + 1
    } else {
      const end = character === '"' ? endOfString(text, start) : endOfLiteral(text, start)
      yield { kind: character === '"' ? 'string' : 'literal', text: text.slice(start, end), at: start, spaced }
      at = end
    }
  }
}

/** No pattern: one over 24 MiB of base64 would need as much stack. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let slashes = 0
    while (text[quote - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return quote + 1
    at = quote + 1
  }
}

function endOfLiteral(text: string, start: number): number {
  LITERAL.lastIndex = start
  return start + (LITERAL.exec(text)?.[0].length ?? 1)
}
