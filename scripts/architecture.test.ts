// The house rules that a machine can hold: which folder imports which, how long a file and how full a folder may be.
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './root.ts'

const MAX_LINES = 250
/** Modules in one folder; tests, specs' data and subfolders are not counted. */
const MAX_MODULES = 15

/** Folder → what of ours it may import; a path that no rule names may import nothing of ours but its own folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  harness: ['harness'],
  specs: ['specs', 'harness'],
  build: ['build', 'harness', 'specs/contract'],
  fixtures: ['fixtures', 'build', 'harness', 'specs/contract'],
  scripts: ['scripts', 'specs', 'harness', 'build', 'fixtures', 'package.json'],
}
/** Writers share no code with readers; the few modules that are neither may be used by both. */
const NEVER: readonly (readonly [from: string, to: string])[] = [
  ['build/formats', 'harness/formats'],
  ['build/formats', 'harness/fs'],
]

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g

type Module = { readonly path: string; readonly imports: readonly string[]; readonly lines: number }

async function readModules(): Promise<readonly Module[]> {
  const modules: Module[] = []
  for (const folder of Object.keys(MAY_IMPORT)) {
    const names = await readdir(join(ROOT, folder), { recursive: true })
    for (const name of names.filter((one) => one.endsWith('.ts'))) {
      const path = join(folder, name)
      const text = await readFile(join(ROOT, path), 'utf8')
      const specifiers = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
      const own = specifiers.filter((specifier) => /^[.#]/.test(specifier))
      modules.push({
        path,
        imports: own.map((specifier) => resolveOwn(path, specifier)),
        lines: text.split('\n').length - 1,
      })
    }
  }
  return modules
}

function resolveOwn(from: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1)
  return relative(ROOT, resolve(ROOT, dirname(from), specifier))
}

function isHelper(path: string): boolean {
  return isUnder(path, 'harness/testing') || isUnder(path, 'scripts/testing')
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** A test is never imported, so it closes no circle. */
function isProduct({ path }: Module): boolean {
  return !path.endsWith('.test.ts')
}

/** `a/b` and `a` for `a/b/c.ts`. */
function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)]
}

/** For each subfolder of `parent` the other subfolders that its modules import; `parent` itself belongs to all. */
function importsBetween(parent: string, modules: readonly Module[]): Graph {
  const childOf = (path: string): string | undefined => {
    const parts = isUnder(path, parent) ? path.slice(parent.length + 1).split('/') : []
    return parts.length > 1 ? parts[0] : undefined
  }
  const graph = new Map<string, Set<string>>()
  for (const { path, imports } of modules.filter(isProduct)) {
    const from = childOf(path)
    if (from === undefined) continue
    const targets = graph.get(from) ?? new Set()
    graph.set(from, targets)
    for (const target of imports.map(childOf)) if (target !== undefined && target !== from) targets.add(target)
  }
  return graph
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** Groups whose every member reaches every other. */
function circles(graph: Graph): readonly (readonly string[])[] {
  const reached = new Map([...graph.keys()].map((node) => [node, reachableFrom(graph, node)]))
  const circular = [...graph.keys()].filter((node) => reached.get(node)?.has(node))
  const groups = circular.map((node) =>
    circular.filter((other) => reached.get(node)?.has(other) && reached.get(other)?.has(node)),
  )
  return [...new Map(groups.map((group) => [group.join(' '), group])).values()]
}

function reachableFrom(graph: Graph, start: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const pending = [...(graph.get(start) ?? [])]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    pending.push(...(graph.get(next) ?? []))
  }
  return seen
}

describe('circles', () => {
  it.each<[string, readonly (readonly [string, string])[], readonly (readonly string[])[]]>([
    [
      'none',
      [
        ['a', 'b'],
        ['a', 'c'],
        ['b', 'c'],
      ],
      [],
    ],
    [
      'one of two',
      [
        ['a', 'b'],
        ['b', 'a'],
        ['b', 'c'],
      ],
      [['a', 'b']],
    ],
    [
      'one of three',
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a'],
      ],
      [['a', 'b', 'c']],
    ],
    [
      'two',
      [
        ['a', 'b'],
        ['b', 'a'],
        ['b', 'c'],
        ['c', 'd'],
        ['d', 'c'],
      ],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
  ])('finds %s', (_, edges, expected) => {
    const nodes = [...new Set(edges.flat())].toSorted()
    const graph = new Map(
      nodes.map((node) => [node, new Set(edges.flatMap(([from, to]) => (from === node ? [to] : [])))]),
    )
    expect(circles(graph)).toEqual(expected)
  })
})

describe('architecture', async () => {
  const modules = await readModules()

  it('sees the modules and their imports', () => {
    expect(modules.length).toBeGreaterThan(50)
    expect(modules.find(({ path }) => path === 'specs/support/test.ts')?.imports).toContain('harness/talos/quirks.ts')
  })

  it('lets imports go one way', () => {
    const wrong = modules.flatMap(({ path, imports }) =>
      imports
        .filter((target) => !MAY_IMPORT[path.split('/')[0] ?? '']?.some((allowed) => isUnder(target, allowed)))
        .map((target) => `${path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('keeps readers and writers apart', () => {
    const wrong = modules
      .filter(({ path }) => !path.endsWith('.test.ts'))
      .flatMap(({ path, imports }) =>
        imports
          .filter((target) => NEVER.some(([from, to]) => isUnder(path, from) && isUnder(target, to)))
          .map((target) => `${path} imports ${target}`),
      )
    expect(wrong).toEqual([])
  })

  it(`keeps every file within ${MAX_LINES} lines`, () => {
    expect(modules.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
  })

  it('has no circle of imports between files', () => {
    expect(circles(new Map(modules.map(({ path, imports }) => [path, new Set(imports)])))).toEqual([])
  })

  it('has no circle of imports between the subfolders of a folder', () => {
    const parents = new Set(modules.flatMap(({ path }) => foldersAbove(path)))
    const found = [...parents].flatMap((parent) => circles(importsBetween(parent, modules)).map((one) => [parent, one]))
    expect(found).toEqual([])
  })

  it(`keeps every folder within ${MAX_MODULES} modules`, () => {
    const counts = new Map<string, number>()
    for (const { path } of modules.filter(isProduct)) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
    const wrong = [...counts].filter(([, count]) => count > MAX_MODULES)
    expect(wrong).toEqual([])
  })

  it('keeps test helpers out of the product', () => {
    const wrong = modules
      .filter(({ path }) => !path.endsWith('.test.ts') && !isHelper(path) && !isUnder(path, 'fixtures'))
      .filter(({ imports }) => imports.some(isHelper))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})
