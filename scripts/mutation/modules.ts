// The rules that a statement of a spec file or of one of its helpers decides about: found by following names.
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { calledName, nodeAt, nodesAt, parseTypeScript, textOf, walk, type Node } from './syntax.ts'

/**
 * Files that register tests and state requirements, and the schemas of the rules' inputs: every rule goes through them,
 * none asserts with them, and they have tests of their own.
 */
const MACHINERY = new Set([
  'specs/support/test.ts',
  'specs/support/requirement.ts',
  'specs/contract/contract.ts',
  'specs/contract/lock.ts',
])

type Import = {
  /** The offset of the text between the quotes. */
  readonly start: number
  readonly end: number
  /** The file relative to the root; undefined for what is not below specs. */
  readonly file: string | undefined
}

export type Statement = {
  readonly node: Node
  readonly declares: readonly string[]
  readonly uses: ReadonlySet<string>
  /** The rules of a statement that calls `test(...must(ID, …))`; empty for one that states no rule. */
  readonly ids: readonly string[]
}

export type Module = {
  readonly file: string
  readonly text: string
  readonly statements: readonly Statement[]
  readonly imports: readonly Import[]
  /** Local name → where it comes from. */
  readonly names: ReadonlyMap<string, { readonly file: string; readonly name: string }>
}

/** The spec files and all below specs that they import, by file; `root` holds the folder specs. */
export async function readModules(root: string, specs: readonly string[]): Promise<ReadonlyMap<string, Module>> {
  const modules = new Map<string, Module>()
  const queue = [...specs]
  for (const file of queue) {
    if (modules.has(file)) continue
    const module = parseModule(file, await readFile(join(root, file), 'utf8'))
    modules.set(file, module)
    queue.push(...module.imports.flatMap((one) => one.file ?? []).filter((one) => isCode(one) && !MACHINERY.has(one)))
  }
  return modules
}

/** True for a module with statements; data such as `fields.json` has none to mutate. */
function isCode(file: string): boolean {
  return file.endsWith('.ts')
}

/** Files from which `file` is reached, itself among them. */
export function importersOf(modules: ReadonlyMap<string, Module>, file: string): readonly string[] {
  const found = new Set([file])
  for (const one of found)
    for (const module of modules.values())
      if (module.imports.some((other) => other.file === one)) found.add(module.file)
  return [...found]
}

/** Statement → `spec file` → ids of the rules that it decides about. */
export function servedRules(
  modules: ReadonlyMap<string, Module>,
): ReadonlyMap<Statement, ReadonlyMap<string, Set<string>>> {
  const served = new Map<Statement, Map<string, Set<string>>>()
  for (const { file, statements } of modules.values())
    for (const statement of statements.filter(({ ids }) => ids.length > 0))
      for (const reached of reachedFrom(statement, file, modules)) {
        const specs = served.get(reached) ?? new Map<string, Set<string>>()
        specs.set(file, new Set([...(specs.get(file) ?? []), ...statement.ids]))
        served.set(reached, specs)
      }
  return served
}

function reachedFrom(first: Statement, file: string, modules: ReadonlyMap<string, Module>): ReadonlySet<Statement> {
  const reached = new Map([[first, file]])
  for (const [statement, at] of reached) {
    const module = modules.get(at)
    for (const name of statement.uses) {
      const source = module?.names.get(name) ?? { file: at, name }
      const declaring = modules.get(source.file)?.statements ?? []
      for (const other of declaring)
        if (other.declares.includes(source.name) && !reached.has(other)) reached.set(other, source.file)
    }
  }
  return new Set(reached.keys())
}

export function parseModule(file: string, text: string): Module {
  const body = parseTypeScript(text)
  const imports: Import[] = []
  const names = new Map<string, { readonly file: string; readonly name: string }>()
  const statements: Statement[] = []
  for (const node of body) {
    const source = nodeAt(node, 'source')
    if (source !== undefined) {
      const target = resolveImport(file, textOf(source) ?? '')
      imports.push({ start: source.start + 1, end: source.end - 1, file: target })
      if (target !== undefined)
        for (const specifier of nodesAt(node, 'specifiers')) {
          const [local, imported] = [nodeAt(specifier, 'local'), nodeAt(specifier, 'imported')]
          names.set(textOf(local) ?? '', { file: target, name: textOf(imported) ?? '' })
        }
    } else if (!node.type.startsWith('TS')) statements.push(describeStatement(node))
  }
  return { file, text, statements, imports, names }
}

function resolveImport(from: string, specifier: string): string | undefined {
  const path = specifier.startsWith('#') ? specifier.slice(1) : relative('/', resolve('/', dirname(from), specifier))
  return /^[.#]/.test(specifier) && path.startsWith('specs/') ? path : undefined
}

function describeStatement(node: Node): Statement {
  const uses = new Set<string>()
  const ids: string[] = []
  walk(node, (one) => {
    if (one.type === 'Identifier') uses.add(String(one['name']))
    const called = calledName(one)
    const id = called === 'must' || called === 'should' ? textOf(nodesAt(one, 'arguments')[0]) : undefined
    if (id !== undefined) ids.push(id)
  })
  return { node, declares: declaredBy(node), uses, ids }
}

function declaredBy(node: Node): readonly string[] {
  const declaration = node.type.startsWith('Export') ? nodeAt(node, 'declaration') : node
  const named = nodesAt(declaration, 'declarations').map((one) => nodeAt(one, 'id'))
  return [nodeAt(declaration, 'id'), ...named].flatMap((one) => textOf(one) ?? [])
}
