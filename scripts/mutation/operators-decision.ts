// Mutations of what decides: predicates, conditions, comparisons, and the values that are compared with.
import type { Edit, Operator } from './mutant.ts'
import { calledName, nodeAt, nodesAt, textOf, type Node } from './syntax.ts'

const FLIPPED: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
}
const SWAPPED: Readonly<Record<string, string>> = { '&&': '||', '||': '&&', '??': '&&' }
/** Methods that take a predicate, which is replaced by one that rejects all and one that accepts all. */
const PREDICATES = new Set(['filter', 'find', 'findLast', 'some', 'every'])

/** A lower-case clause, as messages are: nothing goes by its text. */
const PROSE = /^[a-z'][^ ]* [^ ]+ [^ ]/

/** Edits of `node` by itself, not of what is below it. */
export function decisionEdits(node: Node, parents: readonly Node[], text: string): readonly Edit[] {
  const replace = (operator: Operator, what: Node, ...replacements: readonly string[]): readonly Edit[] =>
    replacements.map((replacement) => ({ operator, start: what.start, end: what.end, replacement }))
  const source = (one: Node | undefined): string => (one === undefined ? '' : text.slice(one.start, one.end))
  const between = (key: string): Edit['operator'] => (key in SWAPPED ? 'condition' : 'comparison')

  switch (node.type) {
    case 'CallExpression': {
      const [predicate] = nodesAt(node, 'arguments')
      if (predicate === undefined || !PREDICATES.has(calledName(node) ?? '')) return []
      return replace('predicate', predicate, '() => false', '() => true')
    }
    case 'LogicalExpression':
    case 'BinaryExpression': {
      const [left, right] = [nodeAt(node, 'left'), nodeAt(node, 'right')]
      const sign = String(node['operator'])
      const others = FLIPPED[sign] ?? (SWAPPED[sign] === undefined ? [] : [SWAPPED[sign]])
      // In parentheses on all sides: `??` may not be mixed with `&&` in JavaScript.
      return replace(between(sign), node, ...others.map((other) => `((${source(left)}) ${other} (${source(right)}))`))
    }
    case 'UnaryExpression': {
      const argument = nodeAt(node, 'argument')
      return node['operator'] === '!' ? replace('negation dropped', node, `(${source(argument)})`) : []
    }
    case 'ConditionalExpression':
      return replace(
        'condition',
        node,
        `(${source(nodeAt(node, 'consequent'))})`,
        `(${source(nodeAt(node, 'alternate'))})`,
      )
    case 'IfStatement': {
      const test = nodeAt(node, 'test')
      if (test === undefined) return []
      return replace('condition', test, ...(isRethrown(parents) ? [] : ['true']), 'false')
    }
    case 'ThrowStatement':
      return isRethrown([...parents, node]) ? [] : replace('throw dropped', node, ';void 0')
    case 'Literal':
      return isName(node, parents) ? [] : literalEdits(node, replace)
    default:
      return []
  }
}

function literalEdits(
  node: Node,
  replace: (operator: Operator, what: Node, ...replacements: readonly string[]) => readonly Edit[],
): readonly Edit[] {
  const { value } = node
  if (typeof value === 'boolean') return replace('boolean', node, String(!value))
  if (typeof value === 'string' && PROSE.test(value)) return []
  if (typeof value === 'string') return replace('string', node, value === '' ? "'mutated'" : "''")
  const regex = node['regex'] as { readonly pattern: string; readonly flags: string } | undefined | null
  if (regex === undefined || regex === null) return []
  const { pattern, flags } = regex
  const looser = [
    ...(pattern.startsWith('^') ? [pattern.slice(1)] : []),
    ...(pattern.endsWith('$') && !pattern.endsWith('\\$') ? [pattern.slice(0, -1)] : []),
  ]
  return replace('regular expression', node, ...['(?!)', ...looser].map((one) => `/${one || '(?:)'}/${flags}`))
}

/**
 * True in `catch (error) { if (error instanceof Ours) …; throw error }`, which lets through errors that are not ours:
 * that a bug is reported as one is nothing about an image.
 */
function isRethrown(parents: readonly Node[]): boolean {
  const clause = parents.findLast(({ type }) => type === 'CatchClause')
  const last = nodesAt(nodeAt(clause, 'body'), 'body').at(-1)
  if (clause === undefined || last?.type !== 'ThrowStatement') return false
  const isOfParameter = textOf(nodeAt(last, 'argument')) === textOf(nodeAt(clause, 'param'))
  return isOfParameter && (parents.at(-1)?.type !== 'ThrowStatement' || parents.at(-1) === last)
}

/** True for a literal that names a property or an imported file, or is the empty text for an absent one. */
function isName(node: Node, parents: readonly Node[]): boolean {
  const parent = parents.at(-1)
  if (parent === undefined) return false
  const isDefault = parent.type === 'AssignmentPattern' || parent['operator'] === '??'
  if (node['value'] === '' && isDefault) return nodeAt(parent, 'right') === node
  if (parent.type === 'Property') return nodeAt(parent, 'key') === node
  return parent.type.startsWith('Export') || parent.type === 'ImportExpression'
}
