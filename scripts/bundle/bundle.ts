// The modules of the commands and of the rules, with the packages that they use, in few files: Node takes half a second to find
// and link some 900 modules, twice, as the rules run in a thread of their own.
import { randomUUID } from 'node:crypto'
import { glob, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown, type OutputChunk, type Plugin, type RolldownOutput } from 'rolldown'
import type { SpecLines } from '#specs/support/test.ts'
import { BUNDLE_FOLDER, MANIFEST, sha256Of, SPECS, timesOf, type BundleManifest } from './fresh.ts'

const PROGRAM = 'scripts/talos-image.ts'
/** The modules that the thread of the rules begins with, by the names of their chunks; vitest loads the second. */
const THREAD = { worker: 'scripts/judge/run/thread/worker.ts', runner: 'scripts/judge/run/thread/runner.ts' }
/** All rules need it. */
const SUPPORT = 'specs/support/test.ts'
/** Written anew by every installation. */
const INSTALLED = 'node_modules/.package-lock.json'

/** vitest and vite find their own files beside their modules; xz-decompress has parts that are no modules. */
const LEFT_OUT = [/^node:/, /^vitest(?:\/|$)/, /^vite(?:\/|$)/, 'xz-decompress']
/** Of the chunks of all spec files; scripts/judge/run/thread/spec-files.ts reads it. */
const LINES = 'lines.json'
/** Longer than any command takes that may still load a part of an older bundle. */
const KEPT_MS = 60 * 60_000

type Thread = {
  readonly folder: string
  /** Name of the output → module. */
  readonly entries: Readonly<Record<string, string>>
  /** A module that is in one file with all that it imports; the others are in files of what is loaded together. */
  readonly common?: string
  readonly define: Readonly<Record<string, string>>
}

/** Writes the bundle of the project in `root`, and last the manifest that says what it was made of; gives the number of modules. */
export async function writeBundle(root: string): Promise<number> {
  const began = Date.now()
  const bundles = join(root, BUNDLE_FOLDER)
  const specs = (await Array.fromAsync(glob(SPECS, { cwd: root }))).toSorted()
  const name = randomUUID()
  const folder = join(bundles, name)
  const rules = join(folder, 'rules')
  const threads: readonly Thread[] = [
    {
      folder: join(folder, 'commands'),
      entries: { 'talos-image': PROGRAM },
      define: {},
    },
    {
      folder: rules,
      entries: { ...THREAD, ...Object.fromEntries(specs.map((path) => [path.replace(/\.ts$/, ''), path])) },
      common: SUPPORT,
      define: { SPEC_CHUNKS: JSON.stringify(`${pathToFileURL(rules).href}/`) },
    },
  ]
  const chunks = new Map(
    Object.entries(THREAD).map(([chunk, path]) => [
      pathToFileURL(join(root, path)).href,
      pathToFileURL(join(rules, `${chunk}.js`)).href,
    ]),
  )
  const modules = new Set<string>()
  for (const thread of threads)
    for (const id of await bundle(root, thread, chunks)) if (!id.includes('\0')) modules.add(relative(root, id))
  const own = [...modules, INSTALLED]
    .filter((path) => path === INSTALLED || !path.startsWith('node_modules/'))
    .toSorted()
  for (const path of own) {
    const { ctimeMs } = await stat(join(root, path))
    if (ctimeMs >= began) throw new Error(`${path} was written while the bundle was made of it; run it again`)
  }
  const made = await Array.fromAsync(glob('**/*.{js,json}', { cwd: folder }))
  const files = [...own, ...made.map((path) => join(BUNDLE_FOLDER, name, path)).toSorted()]
  const inSpecs = await Array.fromAsync(glob('specs/**', { cwd: root, withFileTypes: true }))
  const folders = inSpecs
    .filter((one) => one.isDirectory())
    .map((one) => relative(root, join(one.parentPath, one.name)))
  const manifest: BundleManifest = {
    root,
    node: process.versions.node,
    entry: join(name, 'commands', 'talos-image.js'),
    files: files.map((path) => [path, timesOf(join(root, path)), sha256Of(join(root, path))]),
    folders: folders.toSorted().map((path) => [path, timesOf(join(root, path))]),
  }
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest))
  await rename(join(folder, MANIFEST), join(bundles, MANIFEST))
  await removeOld(bundles, name)
  return modules.size
}

/** Bundles what one thread runs; gives the paths of the modules. */
async function bundle(root: string, thread: Thread, chunks: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const common = new Set<string>()
  const built = await rolldown({
    cwd: root,
    input: { ...thread.entries },
    platform: 'node',
    external: LEFT_OUT,
    plugins: [
      keepPlaces(chunks),
      ...(thread.common === undefined ? [] : [collectImports(join(root, thread.common), common)]),
    ],
    // Modules are left as they are: what nothing uses is not worth the time.
    treeshake: false,
    transform: { define: { ...thread.define } },
    checks: { ineffectiveDynamicImport: false },
    logLevel: 'warn',
  })
  try {
    const { output } = await built.generate({
      format: 'esm',
      sourcemap: 'hidden',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      codeSplitting: { groups: [{ name: 'common', test: (id) => common.has(id) }] },
    })
    await writeOutput(thread.folder, output)
    return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  } finally {
    await built.close()
  }
}

async function writeOutput(folder: string, output: RolldownOutput['output']): Promise<void> {
  const lines: Record<string, SpecLines> = {}
  for (const chunk of output) {
    if (chunk.type !== 'chunk') continue
    const path = join(folder, chunk.fileName)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, chunk.code)
    if (chunk.facadeModuleId?.endsWith('.spec.ts') === true)
      lines[chunk.fileName.replace(/\.js$/, '.ts')] = linesOf(chunk)
  }
  await writeFile(join(folder, LINES), JSON.stringify(lines))
}

/** The places of files and modules that a module finds by its own, as it would find them in its own file. */
function keepPlaces(chunks: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'keep-places',
    transform: {
      filter: { code: /import\.meta\./ },
      handler: (code, id) => ({
        code: code
          .replaceAll(/\bimport\.meta\.resolve\('(\.[^']+)'\)/g, (_, specifier: string) => {
            const url = new URL(specifier, pathToFileURL(id)).href
            return JSON.stringify(chunks.get(url) ?? url)
          })
          .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(id).href))
          .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(id))
          .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(id))),
        // Lines stay where they are.
        map: null,
      }),
    },
  }
}

/** Puts the paths of a module and of all that it imports, but not of what it imports when it needs it, into `found`. */
function collectImports(path: string, found: Set<string>): Plugin {
  return {
    name: 'collect-imports',
    buildEnd() {
      const pending = [path]
      for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
        if (found.has(id)) continue
        found.add(id)
        pending.push(...(this.getModuleInfo(id)?.importedIds ?? []))
      }
    },
  }
}

/** Line of the chunk of a spec file → line of the file, for each that states a rule. */
function linesOf({ code, map }: OutputChunk): SpecLines {
  if (map === null) throw new Error('expected a source map')
  const source = new SourceMap(JSON.parse(map.toString()))
  const lines = code.split('\n').flatMap((text, at) => {
    const column = text.search(/\btest(?:\$\d+)?\(/)
    const entry = column < 0 ? undefined : source.findEntry(at, column)
    return entry !== undefined && 'originalLine' in entry ? [[at + 1, Number(entry.originalLine) + 1]] : []
  })
  return Object.fromEntries(lines)
}

/** Removes the bundles that no command has any more. */
async function removeOld(bundles: string, kept: string): Promise<void> {
  for (const name of await readdir(bundles)) {
    if (name === MANIFEST || name === kept) continue
    const { mtimeMs } = await stat(join(bundles, name))
    if (Date.now() - mtimeMs > KEPT_MS) await rm(join(bundles, name), { recursive: true, force: true })
  }
}
