// Tests that reach what changed since a commit: through imports, or through a file whose name a module mentions.
import { execFile } from 'node:child_process'
import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from '../cli/command-line.ts'
import { ROOT } from '../root.ts'

const MODULES = '{harness,specs,build,fixtures,scripts}/**/*.{ts,mjs}'
const TEST = /\.test\.ts$/
const ORACLE = /\.oracle\.test\.ts$/
/**
 * Tests that build, publish, run a whole command or make every release of upstream. What is below scripts/judge, cli
 * and check is a library.
 */
const COMMAND_TEST =
  /^(?:scripts\/(?!(?:judge|cli|check)\/)|fixtures\/(?:publish\/|golden\/build|simulator\/upstream\/upstream\.))/
/** Sources of the commands, which command tests are mainly about. */
const COMMAND = /^(?:scripts|build)\//
const IMPORT = /\b(?:from|import)\s*\(?\s*['"]([.#][^'"\n]+)['"]/g

/** Files of the project that differ from `base`, new ones too. UsageError where git knows no such commit. */
export async function changedFiles(base: string): Promise<readonly string[]> {
  const git = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await promisify(execFile)('git', [...args], { cwd: ROOT, maxBuffer: 64 << 20 })
    return stdout.split('\n').filter((line) => line !== '')
  }
  try {
    await git('rev-parse', '--verify', '--quiet', `${base}^{commit}`)
  } catch (cause) {
    throw new UsageError(`--changed expects a commit, got ${base}`, { cause })
  }
  const [different, added] = await Promise.all([
    git('diff', '--name-only', '--relative', base),
    git('ls-files', '--others', '--exclude-standard'),
  ])
  return [...new Set([...different, ...added])].toSorted()
}

export type Reaching = {
  /** Unit tests, the nearest first; oracles need tools, and are not among them. */
  readonly tests: readonly string[]
  /** The number of further tests of whole commands, which take minutes. */
  readonly left: number
}

const STATED = /\b(?:must|should)\(\s*'([A-Z]+-\d+)'/g

/** Rules that the spec files among `changed` state, each once. */
export async function rulesStatedIn(changed: readonly string[]): Promise<readonly string[]> {
  const specs = changed.filter((path) => path.endsWith('.spec.ts'))
  const texts = await Promise.all(specs.map((path) => readFile(join(ROOT, path), 'utf8').catch(() => '')))
  return [...new Set(texts.flatMap((text) => [...text.matchAll(STATED)].map(([, id = '']) => id)))].toSorted()
}

/** The tests that reach one of `changed`; those of whole commands only where something of scripts/ or build/ has changed. */
export async function testsReaching(changed: readonly string[]): Promise<Reaching> {
  const texts = new Map<string, string>()
  for await (const path of glob(MODULES, { cwd: ROOT })) texts.set(path, await readFile(join(ROOT, path), 'utf8'))
  const tests = reaching(texts, changed)
  const near = new Set(
    reaching(
      texts,
      changed.filter((path) => COMMAND.test(path)),
    ),
  )
  const run = tests.filter((path) => !COMMAND_TEST.test(path) || near.has(path))
  return { tests: run, left: tests.length - run.length }
}

/** Tests among the modules of `texts`, by their paths. */
export function reaching(texts: ReadonlyMap<string, string>, changed: readonly string[]): readonly string[] {
  const importers = new Map<string, string[]>()
  for (const [path, text] of texts)
    for (const target of importsOf(path, text)) importers.set(target, [...(importers.get(target) ?? []), path])
  const reached = new Set(changed.filter((path) => texts.has(path)))
  for (const path of changed)
    if (!texts.has(path)) for (const [module, text] of texts) if (text.includes(basename(path))) reached.add(module)
  // A set is walked in the order in which it grows: nearest first.
  for (const path of reached) for (const importer of importers.get(path) ?? []) reached.add(importer)
  return [...reached].filter((path) => TEST.test(path) && !ORACLE.test(path))
}

function importsOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map(([, specifier = '']) =>
    specifier.startsWith('#') ? specifier.slice(1) : relative('', join(dirname(path), specifier)),
  )
}
