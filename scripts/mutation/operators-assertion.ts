// Mutations of assertions: `judge(x, at).toEqual(y)` and what else ends in one of vitest's matchers.
import type { Edit } from './mutant.ts'
import { nodeAt, textOf, type Node } from './syntax.ts'

const MATCHER = /^to(Be|Equal|StrictEqual|Have|Match|Contain|Throw)/
/** A matcher that holds for every value. */
const ANYTHING = '.not.toBe(Symbol.iterator)'
/** The matcher on the other side of the boundary. */
const BESIDE: Readonly<Record<string, string>> = {
  toBeLessThanOrEqual: 'toBeLessThan',
  toBeLessThan: 'toBeLessThanOrEqual',
  toBeGreaterThanOrEqual: 'toBeGreaterThan',
  toBeGreaterThan: 'toBeGreaterThanOrEqual',
}

/** Edits of `node` where it is a statement that asserts. */
export function assertionEdits(node: Node, text: string): readonly Edit[] {
  if (node.type !== 'ExpressionStatement') return []
  const expression = nodeAt(node, 'expression')
  const call = expression?.type === 'AwaitExpression' ? nodeAt(expression, 'argument') : expression
  const member = call?.type === 'CallExpression' ? nodeAt(call, 'callee') : undefined
  const property = nodeAt(member, 'property')
  const subject = nodeAt(member, 'object')
  const matcher = textOf(property) ?? ''
  if (!MATCHER.test(matcher) || property === undefined || subject === undefined || call === undefined) return []
  const isNegated = subject.type === 'MemberExpression' && textOf(nodeAt(subject, 'property')) === 'not'
  const judged = isNegated ? nodeAt(subject, 'object') : subject
  if (judged === undefined) return []
  const args = text.slice(property.end, call.end)
  const weaker = matcher === 'toBeDefined' || matcher === 'toBeUndefined' || isNegated ? ANYTHING : '.toBeDefined()'
  const beside = BESIDE[matcher]
  const from = (replacement: string, operator: Edit['operator']): Edit => ({
    operator,
    start: judged.end,
    end: call.end,
    replacement,
  })
  return [
    from(`${isNegated ? '' : '.not'}.${matcher}${args}`, 'assertion negated'),
    from(weaker, 'assertion weakened'),
    ...(beside === undefined ? [] : [from(`.${beside}${args}`, 'assertion weakened')]),
    { operator: 'assertion dropped', start: node.start, end: node.end, replacement: ';void 0' },
  ]
}
