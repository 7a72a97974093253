// Mutants as files: beside the valid specs, a folder for each with the mutated file and the spec files above it.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeMutation, type Mutant } from './mutant.ts'
import { importersOf, servedRules, type Module } from './modules.ts'
import { findEdits } from './operators.ts'

export const MUTANTS = 'mutants'
const TEST = 'specs/support/test.ts'
const NARROW = fileURLToPath(new URL('worker/narrow.ts', import.meta.url))

/** Every mutant of files for which `isWanted`, named in the order of files and places. */
export function findMutants(
  modules: ReadonlyMap<string, Module>,
  isWanted: (file: string) => boolean,
): readonly Mutant[] {
  const served = servedRules(modules)
  const mutants: Omit<Mutant, 'name'>[] = []
  for (const { file, text, statements } of [...modules.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1))) {
    if (!isWanted(file)) continue
    for (const statement of statements) {
      const rules = served.get(statement)
      if (rules === undefined) continue
      const common = { file, specs: [...rules.keys()], ids: [...rules.values()].flatMap((ids) => [...ids]) }
      for (const edit of findEdits(statement.node, text))
        mutants.push({ ...common, ...edit, line: lineOf(text, edit.start), original: text.slice(edit.start, edit.end) })
    }
  }
  return mutants.map((mutant, at) => ({ ...mutant, name: `m${String(at).padStart(4, '0')}` }))
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/**
 * Writes below `root`/mutants/NAME. What a file imports is the valid one, but for what is mutated and what is
 * between; the spec files take a `test` that registers what `worker/narrow.ts` lets through.
 */
export async function writeMutant(root: string, mutant: Mutant, modules: ReadonlyMap<string, Module>): Promise<void> {
  const folder = join(MUTANTS, mutant.name)
  const copied = new Set(importersOf(modules, mutant.file))
  const test = join(folder, 'test.ts')
  for (const file of copied) {
    const own = join(folder, file)
    const place = (target: string): string =>
      target === TEST ? test : copied.has(target) ? join(folder, target) : target
    const text = withImports(modules, file, own, place, file === mutant.file ? [mutant] : [])
    await mkdir(dirname(join(root, own)), { recursive: true })
    await writeFile(join(root, own), text)
  }
  await writeFile(
    join(root, test),
    `// ${mutant.file}:${mutant.line} ${describeMutation(mutant).replaceAll('\n', ' ')}
import { test as stated } from '${toSpecifier(test, TEST)}'
import { narrow } from '${NARROW}'
export const test = narrow('${mutant.name}', stated)
`,
  )
}

type Replacement = { readonly start: number; readonly end: number; readonly replacement: string }

/** The text of a module for `path`: its imports of specs point to the folder that `place` gives. */
export function withImports(
  modules: ReadonlyMap<string, Module>,
  file: string,
  path: string,
  place: (target: string) => string,
  edits: readonly Replacement[] = [],
): string {
  const { text = '', imports = [] } = modules.get(file) ?? {}
  const moved = imports.flatMap(({ start, end, file: target }) =>
    target === undefined ? [] : [{ start, end, replacement: toSpecifier(path, place(target)) }],
  )
  return withEdits(text, [...moved, ...edits])
}

function withEdits(text: string, edits: readonly Replacement[]): string {
  let edited = text
  for (const { start, end, replacement } of edits.toSorted((a, b) => b.start - a.start))
    edited = edited.slice(0, start) + replacement + edited.slice(end)
  return edited
}

function toSpecifier(from: string, to: string): string {
  const path = relative(dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}
