// Expressions of literal text, `.`, `.*` and `.+`, which are matched in time that cannot grow out of hand: an expression of a
// configuration is never given to an engine that backtracks.

/** A character, any one character, or any text. */
type Part = { readonly literal: string } | 'one' | 'any'
export type SimplePattern = readonly Part[]

/** Longer than an identity is. */
const MAX_LENGTH = 2048
const PART = /\.\*|\.\+|\.(?![?{])|\\([^a-zA-Z0-9])|([^\\^$.|?*+()[\]{}])/y

/** The parts of an expression that is looked for anywhere in a text; undefined for another expression. */
export function simplePattern(expression: string): SimplePattern | undefined {
  if (expression.length > MAX_LENGTH) return undefined
  const isFromStart = expression.startsWith('^')
  const isToEnd = /(?<!\\)\$$/.test(expression)
  const inner = expression.slice(isFromStart ? 1 : 0, isToEnd ? -1 : undefined)
  const parts: Part[] = isFromStart ? [] : ['any']
  PART.lastIndex = 0
  while (PART.lastIndex < inner.length) {
    const found = PART.exec(inner)
    if (found === null) return undefined
    const [text, escaped, plain] = found
    const literal = escaped ?? plain
    if (literal !== undefined) parts.push({ literal })
    else if (text === '.') parts.push('one')
    else parts.push(...(text === '.+' ? (['one', 'any'] as const) : (['any'] as const)))
  }
  return isToEnd ? parts : [...parts, 'any']
}

/** Steps back to the last `any` alone: at most length of pattern times length of text. */
export function matchesPattern(pattern: SimplePattern, text: string): boolean {
  if (text.length > MAX_LENGTH) return false
  let at = 0
  let part = 0
  let back: { readonly part: number; at: number } | undefined
  while (at < text.length) {
    const expected = pattern[part]
    if (expected === 'any') {
      back = { part, at }
      part++
    } else if (expected !== undefined && (expected === 'one' || expected.literal === text[at])) {
      part++
      at++
    } else {
      if (back === undefined) return false
      back.at++
      at = back.at
      part = back.part + 1
    }
  }
  return pattern.slice(part).every((rest) => rest === 'any')
}
