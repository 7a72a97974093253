// Spec files as the thread of the rules loads them: each once, however many runs it serves.
import { globSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, matchesGlob, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RunInput } from '#specs/support/run.ts'
import type { SpecLines } from '#specs/support/test.ts'
import { MODULE_EXTENSION, ROOT } from '../../../root.ts'

/** The folder with the chunks of the spec files, as a URL, in a bundle (scripts/bundle). Elsewhere there is no such name. */
declare const SPEC_CHUNKS: string
const CHUNKS = typeof SPEC_CHUNKS === 'undefined' ? undefined : SPEC_CHUNKS

const OWN = CHUNKS ?? pathToFileURL(ROOT).href
const OWN_EXTENSION = CHUNKS === undefined ? MODULE_EXTENSION : '.js'
const FORMAT = OWN_EXTENSION === '.ts' ? 'module-typescript' : 'module'

/**
 * Folders whose rules speak of some parts of a candidate only, mostly of those that few candidates have. A rule that is in the wrong
 * one ends as missing where it should have run.
 */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  assets: ['assets'],
  boot: ['boot'],
  config: ['config', 'node'],
  media: ['media'],
  node: ['node'],
}

/** What states the requirements of a spec file, by path; loaded one behind the other. */
const loaded = new Map<string, Promise<() => void>>()
let last: Promise<unknown> = Promise.resolve()

/** States the requirements of a spec file in the run that vitest collects; of one that says nothing of it, none. */
export async function stateSpec(path: string, run: RunInput): Promise<void> {
  if (!speaksOf(path, run)) return
  const state = await load(path).catch(() => load(path, '?again'))
  state()
}

/**
 * Loads the spec files that most runs need. One that does not load before there is a run is left to `stateSpec`, which loads
 * it once more, as another module: it may use vitest itself, or says why it does not load.
 */
export async function loadAhead(specs: string): Promise<void> {
  const hooks = resolveOwn()
  const paths = findSpecs(specs)
  const common = paths.filter((path) => PARTS[folderOf(path)] === undefined)
  for (const path of common.length === 0 ? paths : common) await load(join(ROOT, path)).catch(() => undefined)
  hooks.deregister()
}

function speaksOf(path: string, { candidates, listing }: RunInput): boolean {
  const parts = PARTS[folderOf(relative(ROOT, path))]
  return listing === true || parts === undefined || candidates.some((one) => parts.some((part) => part in one.parts))
}

/** `oci` of `specs/oci/json.spec.ts`. */
function folderOf(path: string): string {
  return path.split('/', 2)[1] ?? ''
}

function load(path: string, query = ''): Promise<() => void> {
  const known = loaded.get(path + query)
  if (known !== undefined) return known
  const loading = last.then(async () => {
    const { loadSpec } = await import('#specs/support/test.ts')
    const { url, lines } = placeOf(path)
    return loadSpec(url + query, lines)
  })
  last = loading.catch(() => undefined)
  loaded.set(path + query, loading)
  return loading
}

let chunkLines: Readonly<Record<string, SpecLines>> | undefined

/** Lines of the spec files that the bundle has, by their paths in the project. */
function readLines(chunks: string): Readonly<Record<string, SpecLines>> {
  return (chunkLines ??= JSON.parse(readFileSync(new URL('lines.json', chunks), 'utf8')) as Record<string, SpecLines>)
}

/** Paths of the spec files that the glob matches. */
function findSpecs(specs: string): readonly string[] {
  if (CHUNKS === undefined) return globSync(specs, { cwd: ROOT }).toSorted()
  return Object.keys(readLines(CHUNKS)).filter((path) => matchesGlob(path, specs))
}

/** Where a spec file is loaded from, and what its lines are in it. */
function placeOf(path: string): { readonly url: string; readonly lines?: SpecLines | undefined } {
  if (CHUNKS === undefined) return { url: pathToFileURL(path).href }
  const own = relative(ROOT, path)
  return { url: new URL(`${own.slice(0, -MODULE_EXTENSION.length)}.js`, CHUNKS).href, lines: readLines(CHUNKS)[own] }
}

/**
 * Resolves the imports between our own modules, which name whole paths. Node looks for each package.json on the way and
 * vitest reports each import to its parent: together they took a third of the time to load the specs.
 */
export function resolveOwn(): { deregister(): void } {
  return registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier.startsWith('node:')) return { url: specifier, format: 'builtin', shortCircuit: true }
      const { parentURL } = context
      const url = specifier.startsWith('#')
        ? new URL(specifier.slice(1), OWN).href
        : /^\.\.?\//.test(specifier) && parentURL?.startsWith(OWN) && !parentURL.includes('/node_modules/', OWN.length)
          ? new URL(specifier, parentURL).href
          : undefined
      if (url === undefined || !url.endsWith(OWN_EXTENSION)) return nextResolve(specifier, context)
      return { url, format: FORMAT, shortCircuit: true }
    },
  })
}
