// Syntax trees of TypeScript, as vite's parser makes them (ESTree with TypeScript's nodes), and how to walk them.
import { parseAst } from 'vitest/node'

export type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>

/** Throws for what is not TypeScript. */
export function parseTypeScript(text: string): readonly Node[] {
  return (parseAst(text, { lang: 'ts' }) as unknown as { readonly body: readonly Node[] }).body
}

/** Visits `node` and all below it; what `visit` gives false for is not entered. */
export function walk(node: Node, visit: (node: Node, parents: readonly Node[]) => boolean | void): void {
  const parents: Node[] = []
  const enter = (one: Node): void => {
    if (visit(one, parents) === false) return
    parents.push(one)
    for (const child of childrenOf(one)) enter(child)
    parents.pop()
  }
  enter(node)
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]).filter(isNode))
}

/** The node under a key; undefined where there is none. */
export function nodeAt(node: Node | undefined, key: string): Node | undefined {
  const found = node?.[key]
  return isNode(found) ? found : undefined
}

export function nodesAt(node: Node | undefined, key: string): readonly Node[] {
  const found = node?.[key]
  return Array.isArray(found) ? found.filter(isNode) : []
}

/** The name of an identifier, or the text of a string. */
export function textOf(node: Node | undefined): string | undefined {
  const text = node?.type === 'Identifier' ? node['name'] : node?.['value']
  return typeof text === 'string' ? text : undefined
}

/** The name that is called: `f` of `f(x)`, `m` of `a.m(x)`. */
export function calledName(node: Node | undefined): string | undefined {
  if (node?.type !== 'CallExpression' && node?.type !== 'NewExpression') return undefined
  const callee = nodeAt(node, 'callee')
  return textOf(callee?.type === 'MemberExpression' ? nodeAt(callee, 'property') : callee)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}
