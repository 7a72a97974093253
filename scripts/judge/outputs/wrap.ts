// Lines as wide as the terminal: broken between words, what follows below where the text began.
import { stripVTControlCharacters } from 'node:util'

/** Narrower than this nothing is broken: a terminal of no size has 0 columns. */
const LEAST = 40

/**
 * `columns` undefined (a pipe, a file) breaks nothing; `hang` spaces go before every further line. A longer word stays whole.
 * Colours take no column.
 */
export function wrap(line: string, hang: number, columns: number | undefined): string {
  if (columns === undefined || columns < LEAST || widthOf(line) <= columns) return line
  // The blanks that a line begins with are its place, not words.
  const [, indent = '', rest = ''] = /^(\s*)([^]*)$/.exec(line) ?? []
  const [first = '', ...words] = rest.split(/(?<=\S)(?= )/)
  const lines: string[] = []
  let current = indent + first
  for (const word of words) {
    const fits = widthOf(current) + widthOf(word) <= columns
    // The label of a field does not stand alone before a word that is too long for any line.
    const isLabel = lines.length === 0 && widthOf(current) <= hang && hang + widthOf(word.trimStart()) > columns
    if (fits || isLabel) current += word
    else {
      lines.push(current)
      current = ' '.repeat(hang) + word.trimStart()
    }
  }
  return [...lines, current].join('\n')
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
