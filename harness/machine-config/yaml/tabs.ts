// Tabs that go-yaml does not take where npm's lexer skips them: scannerc.go, scan_to_next_token, scan_plain_scalar and
// scan_block_scalar_breaks.

/** Follows the lexemes of a stream; a scalar comes behind U+001F. */
export class TabWatch {
  #flow = 0
  #isLineStart = true
  #isScalarNext = false
  #isBlockNext = false

  /** True if the lexeme holds a tab in the indentation of a block. */
  refuses(lexeme: string): boolean {
    if (this.#isScalarNext) return this.#refusesScalar(lexeme)
    if (lexeme === '\u001f') {
      this.#isScalarNext = true
      return false
    }
    if (lexeme === '[' || lexeme === '{') this.#flow++
    else if (lexeme === ']' || lexeme === '}') this.#flow--
    else if (/^[|>]/.test(lexeme)) this.#isBlockNext = true
    const isBlank = /^[ \t]+$/.test(lexeme)
    const refused = isBlank && this.#isLineStart && this.#flow <= 0 && lexeme.includes('\t')
    this.#isLineStart = lexeme.endsWith('\n') || (isBlank && this.#isLineStart)
    return refused
  }

  #refusesScalar(lexeme: string): boolean {
    const isBlock = this.#isBlockNext
    this.#isScalarNext = false
    this.#isBlockNext = false
    this.#isLineStart = lexeme.endsWith('\n')
    if (!isBlock) return this.#flow <= 0 && /\n\t/.test(lexeme)
    // The first line that is not blank gives the indentation, and a tab cannot.
    const indent = /^(?: *\n)*( *)[^ \n\t]/.exec(lexeme)?.[1]?.length
    if (indent === undefined) return lexeme.trim() !== '' || lexeme.includes('\t')
    return lexeme.split('\n').some((line) => line.search(/[^ ]/) < indent && /^ *\t/.test(line))
  }
}
