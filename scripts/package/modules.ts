// The modules of the package: what the commands for users reach, as JavaScript with the lines of its source.
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { parseSync } from 'vite'

/** A specifier behind `from` or `import`, in `import(…)` or in `import.meta.resolve(…)`. */
const IMPORT = /(\bfrom\s*|\bimport(?:\.meta\.resolve)?\s*\(?\s*)(['"])([.#][^'"]+)\2/g
/** Commands of npm's scripts, which a package calls by its own name. */
const NPM_COMMAND = /\bnpm (?:run (?:--silent )?)?([a-z][a-z-]*)( --(?!\w))?/g

export type ShippedModule = {
  /** Below the project: `harness/errors.ts`. */
  readonly path: string
  /** Types are blanks, so that lines and columns are those of the source. */
  readonly code: string
}

export type ModuleOptions = {
  readonly root: string
  readonly entries: readonly string[]
  /** Names of the commands that the package has. */
  readonly commands: ReadonlySet<string>
  /** Path → code of modules that the package has another of. */
  readonly instead: ReadonlyMap<string, string>
}

/** The entries and all that they import, data included, sorted; `data` are the imported files that are no modules. */
export async function collectModules(
  options: ModuleOptions,
): Promise<{ readonly modules: readonly ShippedModule[]; readonly data: readonly string[] }> {
  const modules = new Map<string, ShippedModule>()
  const data = new Set<string>()
  const pending = [...options.entries]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (modules.has(path) || data.has(path)) continue
    if (!path.endsWith('.ts')) {
      data.add(path)
      continue
    }
    const plain = options.instead.get(path) ?? strip(path, await readFile(join(options.root, path), 'utf8'))
    modules.set(path, { path, code: renameCommands(renameImports(plain), options.commands) })
    for (const [, , , specifier = ''] of plain.matchAll(IMPORT)) pending.push(resolveOwn(path, specifier))
  }
  const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1)
  return { modules: [...modules.values()].toSorted(byPath), data: [...data].toSorted() }
}

/**
 * JavaScript with a blank for each character of a type, and nothing of comments but their line ends: they are a fifth of
 * the package. Blanks at the end of a line go as well, where the source has none.
 */
function strip(path: string, source: string): string {
  const lines = source.split('\n')
  return withoutComments(path, stripTypeScriptTypes(source))
    .split('\n')
    .map((line, at) => (/\s$/.test(lines[at] ?? '') ? line : line.trimEnd()))
    .join('\n')
}

function withoutComments(path: string, code: string): string {
  let [kept, from] = ['', 0]
  for (const { start, end } of parseSync(path, code).comments) {
    kept += code.slice(from, start) + code.slice(start, end).replaceAll(/[^\n]+/g, ' ')
    from = end
  }
  return kept + code.slice(from)
}

/** `./a.ts` → `./a.js`; `#harness/a.ts` is for the package.json of the package to map. */
function renameImports(code: string): string {
  return code.replaceAll(IMPORT, (all, before: string, quote: string, specifier: string) =>
    specifier.startsWith('.') && specifier.endsWith('.ts')
      ? `${before}${quote}${specifier.slice(0, -'.ts'.length)}.js${quote}`
      : all,
  )
}

/** `npm run lock -- --talos v1.11.5` → `talos-image lock --talos v1.11.5`. */
function renameCommands(code: string, commands: ReadonlySet<string>): string {
  return code.replaceAll(NPM_COMMAND, (all, name: string) => (commands.has(name) ? `talos-image ${name}` : all))
}

function resolveOwn(from: string, specifier: string): string {
  return specifier.startsWith('#') ? specifier.slice(1) : join(dirname(from), specifier)
}
