// Writes the module indexes of /usr/lib/modules/<release> as depmod does: tools/depmod.c of kmod 34,
// https://man7.org/linux/man-pages/man5/modules.dep.5.html
import { FormatError } from '#harness/errors.ts'
import { encodeIndex, type IndexEntry } from './modules-index-binary.ts'
import { calculateDependencies, type LinkedModule } from './modules-dependencies.ts'

export type ModuleFacts = {
  /** The path relative to the release's folder: `kernel/fs/xfs/xfs.ko`. */
  readonly path: string
  /** `key=value` of .modinfo, in order. */
  readonly info: readonly (readonly [key: string, value: string])[]
  readonly exports: readonly string[]
  readonly imports: readonly string[]
}

export type ModuleTree = {
  readonly modules: readonly ModuleFacts[]
  /** The lines of modules.order; a module that it does not name comes after those that it does. */
  readonly order?: readonly string[] | undefined
  /** The lines of modules.builtin; absent when there is no such file. */
  readonly builtin?: readonly string[] | undefined
  /** The aliases in modules.builtin.modinfo; absent when there is no such file. */
  readonly builtinAliases?: readonly { readonly module: string; readonly alias: string }[] | undefined
}

type IndexedModule = ModuleFacts & LinkedModule

/** The folder that upstream's imager makes depmod prefer for modules with one name (hack/extra-modules.conf). */
const PREFERRED_FOLDER = 'extras/'
const EMPTY = new Uint8Array(0)

/**
 * Every index by file name. Where depmod takes its hash table's order (modules outside modules.order, symbols), the
 * order here is that of the text. FormatError `modules index`: MALFORMED for modules that need each other,
 * UNSUPPORTED for keys beyond ASCII, LIMIT_EXCEEDED.
 */
export function encodeModulesIndexes(tree: ModuleTree): ReadonlyMap<string, Uint8Array> {
  const modules = orderModules(tree)
  const symbols = ownSymbols(modules)
  const lines = calculateDependencies(modules, symbols).map((dependencies, index) =>
    [`${modules[index]?.path}:`, ...dependencies.map(({ path }) => path)].join(' '),
  )
  const aliases = modules.flatMap((module) => fieldsOf(module, 'alias').map((alias) => ({ alias, module })))
  const sortedSymbols = [...symbols].toSorted(([a], [b]) => compare(a, b))
  return new Map<string, Uint8Array>([
    ['modules.dep', encodeLines(lines)],
    ['modules.dep.bin', encodeIndex(modules.map(({ name, index }) => entry(name, lines[index] ?? '', index)))],
    [
      'modules.alias',
      encodeLines([
        '# Aliases extracted from modules themselves.',
        ...aliases.map(({ alias, module }) => `alias ${alias} ${module.name}`),
      ]),
    ],
    [
      'modules.alias.bin',
      encodeIndex(aliases.flatMap(({ alias, module }) => aliasEntry(alias, module.name, module.index))),
    ],
    ['modules.softdep', encodeFields(modules, 'softdep', '# Soft dependencies extracted from modules themselves.')],
    ['modules.weakdep', encodeFields(modules, 'weakdep', '# Weak dependencies extracted from modules themselves.')],
    [
      'modules.symbols',
      encodeLines([
        '# Aliases for symbols, used by symbol_request().',
        ...sortedSymbols.map(([symbol, { name }]) => `alias symbol:${symbol} ${name}`),
      ]),
    ],
    [
      'modules.symbols.bin',
      encodeIndex(sortedSymbols.map(([symbol, { name, index }]) => entry(`symbol:${symbol}`, name, index))),
    ],
    ['modules.builtin.bin', tree.builtin === undefined ? EMPTY : encodeIndex(builtinEntries(tree.builtin))],
    [
      'modules.builtin.alias.bin',
      tree.builtinAliases === undefined
        ? EMPTY
        : encodeIndex(tree.builtinAliases.flatMap(({ alias, module }) => aliasEntry(alias, module, 0))),
    ],
    ['modules.devname', encodeDevices(modules)],
  ])
}

/** `kernel/net/tls/tls.ko` is `tls`; every `-` is an `_`. */
export function toModuleName(path: string): string {
  return (path.slice(path.lastIndexOf('/') + 1).split('.', 1)[0] ?? '').replaceAll('-', '_')
}

/** One module for each name, in the order of modules.order; the rest by path. */
function orderModules({ modules, order = [] }: ModuleTree): readonly IndexedModule[] {
  const byName = new Map<string, ModuleFacts>()
  for (const module of modules.toSorted((a, b) => compare(a.path, b.path))) {
    const name = toModuleName(module.path)
    const known = byName.get(name)
    if (known === undefined || (isPreferred(module) && !isPreferred(known))) byName.set(name, module)
  }
  const places = new Map<string, number>()
  for (const [place, path] of order.entries()) if (!places.has(path)) places.set(path, place)
  const placeOf = ({ path }: ModuleFacts): number => places.get(path) ?? places.size
  return [...byName]
    .toSorted(([, a], [, b]) => placeOf(a) - placeOf(b) || compare(a.path, b.path))
    .map(([name, module], index) => ({ ...module, name, index }))
}

function isPreferred({ path }: ModuleFacts): boolean {
  return path.startsWith(PREFERRED_FOLDER)
}

/** The last of several modules that export one symbol counts. */
function ownSymbols(modules: readonly IndexedModule[]): ReadonlyMap<string, IndexedModule> {
  return new Map(modules.flatMap((module) => module.exports.map((symbol) => [symbol, module] as const)))
}

function fieldsOf({ info }: ModuleFacts, key: string): readonly string[] {
  return info.flatMap(([name, value]) => (name === key ? [value] : []))
}

function encodeFields(modules: readonly IndexedModule[], key: string, title: string): Uint8Array {
  const lines = modules.flatMap((module) => fieldsOf(module, key).map((value) => `${key} ${module.name} ${value}`))
  return encodeLines([title, ...lines])
}

/** A module with `alias=devname:x` and the numbers of a device: `x` is made before the module is loaded. */
function encodeDevices(modules: readonly IndexedModule[]): Uint8Array {
  const lines = modules.flatMap((module) => {
    let name: string | undefined
    let device: string | undefined
    for (const alias of fieldsOf(module, 'alias')) {
      const [, type, major, minor] = /^(char|block)-major-(\d+)-(\d+)/.exec(alias) ?? []
      if (alias.startsWith('devname:')) name = alias.slice('devname:'.length)
      else if (type !== undefined) device = `${type.charAt(0)}${Number(major)}:${Number(minor)}`
      if (name !== undefined && device !== undefined) return [`${module.name} ${name} ${device}`]
    }
    return []
  })
  return lines.length === 0 ? EMPTY : encodeLines(['# Device nodes to trigger on-demand module loading.', ...lines])
}

function builtinEntries(paths: readonly string[]): readonly IndexEntry[] {
  const wrong = paths.find((path) => !/^[A-Za-z]/.test(path))
  if (wrong !== undefined)
    throw new FormatError(
      'modules index',
      'MALFORMED',
      `expected paths in modules.builtin, got ${JSON.stringify(wrong)}`,
    )
  return paths.map((path) => entry(toModuleName(path), '', 0))
}

/** Every `-` outside brackets is an `_`; an alias with unmatched brackets has no place in the index. */
function aliasEntry(alias: string, module: string, priority: number): readonly IndexEntry[] {
  const parts = alias.split(/(\[[^\]]*\])/)
  if (parts.some((part, at) => at % 2 === 0 && /[[\]]/.test(part))) return []
  const key = parts.map((part, at) => (at % 2 === 0 ? part.replaceAll('-', '_') : part)).join('')
  return [entry(key, module, priority)]
}

function entry(key: string, value: string, priority: number): IndexEntry {
  return { key, value, priority }
}

function encodeLines(lines: readonly string[]): Uint8Array {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
