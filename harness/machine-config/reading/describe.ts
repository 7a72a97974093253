// Values in the words of a finding.
import type { GoNode, GoScalar } from '../yaml/node.ts'
import { quoteText } from './problem.ts'
import { suggest } from './suggest.ts'

export function describeNode(node: GoNode): string {
  if (node.kind === 'scalar') return describeScalar(node)
  return node.kind === 'map' ? 'a mapping' : 'a list'
}

function describeScalar({ text: value, tag }: GoScalar): string {
  return `${value === '' ? 'empty text' : quoteText(value)}${tag === '!!str' ? '' : ` (${tag.replace('!!', '')})`}`
}

/** `one of a, b`, with the word that was meant. */
export function describeWords(words: readonly string[], got: GoNode): string {
  const plain = words.filter((word) => word !== '').map((word) => word.replace(/^~/, ''))
  const meant = got.kind === 'scalar' ? suggest(got.text, plain) : undefined
  return `one of ${plain.join(', ')}${meant === undefined ? '' : ` (${meant}?)`}`
}
