// Every mutation of a spec file: assertions negated, dropped and weakened, and each decision beside them turned round.
import { assertionEdits } from './operators-assertion.ts'
import { decisionEdits } from './operators-decision.ts'
import type { Edit } from './mutant.ts'
import { calledName, nodeAt, nodesAt, textOf, walk, type Node } from './syntax.ts'

/** Statements and errors of which only the text would change: no verdict goes by it. */
const TEXT_CALLS = new Set(['must', 'should'])
/** Properties of a finding that a person reads. */
const TEXT_KEYS = new Set(['message', 'expected', 'got', 'fix', 'sentence'])
/** Variables that hold such text. */
const TEXT_NAMES = new Set(['message', 'got', 'fix', 'at'])
/** Calls whose second argument says where they look. */
const JUDGING = new Set(['judge'])
/** Methods that put in order: no verdict goes by the order of a list that is sorted before it is compared. */
const SORTING = new Set(['toSorted', 'sort'])
/** Nodes without a value when the program runs, and those of text for a person. */
const OPAQUE = new Set(['ImportDeclaration', 'TemplateLiteral'])
/** TypeScript's own nodes that wrap a value. */
const WRAPPING = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'])

/** Edits of one statement, in the order of its text, none twice. */
export function findEdits(statement: Node, text: string): readonly Edit[] {
  const edits: Edit[] = []
  walk(statement, (node, parents) => {
    if (isProse(node, parents)) return false
    edits.push(...assertionEdits(node, text), ...decisionEdits(node, parents, text))
    return undefined
  })
  const seen = new Set<string>()
  return edits
    .filter(({ start, end, replacement }) => text.slice(start, end) !== replacement)
    .filter((edit) => {
      const key = `${edit.start} ${edit.end} ${edit.replacement}`
      return !seen.has(key) && seen.add(key)
    })
    .toSorted((a, b) => a.start - b.start)
}

function isProse(node: Node, parents: readonly Node[]): boolean {
  if (OPAQUE.has(node.type) || (node.type.startsWith('TS') && !WRAPPING.has(node.type))) return true
  const parent = parents.at(-1)
  if (node.type === 'SpreadElement') return TEXT_CALLS.has(calledName(nodeAt(node, 'argument')) ?? '')
  if (node.type === 'ConditionalExpression' && isText(node)) return true
  switch (parent?.type) {
    case 'ThrowStatement':
      return true
    case 'NewExpression':
      return calledName(parent)?.endsWith('Error') === true
    case 'CallExpression':
      return (
        (SORTING.has(calledName(parent) ?? '') && nodesAt(parent, 'arguments').includes(node)) ||
        (JUDGING.has(calledName(parent) ?? '') && nodesAt(parent, 'arguments')[1] === node)
      )
    case 'Property':
      return TEXT_KEYS.has(textOf(nodeAt(parent, 'key')) ?? '')
    case 'VariableDeclarator':
      return TEXT_NAMES.has(textOf(nodeAt(parent, 'id')) ?? '')
    default:
      return false
  }
}

/** A choice between texts with holes: whichever it is, something is said. */
function isText(node: Node | undefined): boolean {
  if (node?.type === 'ConditionalExpression')
    return isText(nodeAt(node, 'consequent')) && isText(nodeAt(node, 'alternate'))
  return node?.type === 'TemplateLiteral'
}
