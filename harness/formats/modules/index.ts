// The module lists in `/usr/lib/modules/<release>/modules.*` as text: what depmod writes (tools/depmod.c, kmod 30) and
// what the kernel's build ships. https://man7.org/linux/man-pages/man5/modules.dep.5.html
import { FormatError, type Location } from '../../errors.ts'
import { decodeName } from '../../fs/file-tree.ts'
import type { ModulesIndex } from './index-binary.ts'

const FORMAT = 'modules list'
/** A distribution's modules.alias has some 1.5 MiB. */
const MAX_BYTES = 32 << 20

/** Paths are relative to the release's folder: `kernel/drivers/block/nbd.ko`. */
export type ModuleDependencies = { readonly path: string; readonly dependencies: readonly string[] }
export type ModuleAlias = { readonly alias: string; readonly module: string }
export type ModuleInfo = { readonly module: string; readonly key: string; readonly value: string }

/** Module name of a path or a name: the last part up to its first dot, every `-` an `_`. */
export function moduleName(path: string): string {
  return (path.slice(path.lastIndexOf('/') + 1).split('.', 1)[0] ?? '').replaceAll('-', '_')
}

/** `modules.dep`: `path: path…`. Like all here: FormatError `modules list` MALFORMED with offset, LIMIT_EXCEEDED. */
export function parseModulesDep(bytes: Uint8Array, where: Location = {}): readonly ModuleDependencies[] {
  return parseLines(bytes, where, '`path: dependencies`', ({ text }) => {
    const colon = text.indexOf(':')
    return colon < 1 ? undefined : { path: text.slice(0, colon), dependencies: words(text.slice(colon + 1)) }
  })
}

/** `modules.alias` and `modules.symbols`: `alias pattern module`. */
export function parseModulesAlias(bytes: Uint8Array, where: Location = {}): readonly ModuleAlias[] {
  return parseLines(bytes, where, '`alias pattern module`', ({ text }) => {
    const [, alias, module] = /^alias (.+) (\S+)$/.exec(text) ?? []
    return alias === undefined || module === undefined ? undefined : { alias, module }
  })
}

/** `modules.order` and `modules.builtin`: a path on each line. */
export function parseModulesPaths(bytes: Uint8Array, where: Location = {}): readonly string[] {
  return parseLines(bytes, where, 'a path', ({ text }) => (/^\S+$/.test(text) ? text : undefined))
}

/** `modules.builtin.modinfo`: `module.key=value`, each ended by a NUL. */
export function parseBuiltinModinfo(bytes: Uint8Array, where: Location = {}): readonly ModuleInfo[] {
  return parseRecords(bytes, where, 0, '`module.key=value`', ({ text }) => {
    const [, module, key, value] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(text) ?? []
    return module === undefined || key === undefined || value === undefined ? undefined : { module, key, value }
  })
}

export type ModulesIndexKind = 'dep' | 'alias' | 'symbols' | 'builtin' | 'builtin.alias'

/** Key → the values under it, sorted; depmod keeps one that a module says twice. */
export type IndexEntries = ReadonlyMap<string, readonly string[]>

/** The entries of a binary index, for comparison. */
export function entriesOfIndex(index: ModulesIndex): IndexEntries {
  return toEntries([...index].flatMap(([key, values]) => values.map(({ value }) => [key, value] as const)))
}

/**
 * The entries that `modules.<kind>.bin` must have, given the text that depmod makes it from or beside it: `modules.<kind>`, for
 * `builtin.alias` modules.builtin.modinfo.
 */
export function entriesOfText(kind: ModulesIndexKind, bytes: Uint8Array, where: Location = {}): IndexEntries {
  return toEntries(pairsOfText(kind, bytes, where))
}

function pairsOfText(kind: ModulesIndexKind, bytes: Uint8Array, where: Location): (readonly [string, string])[] {
  switch (kind) {
    case 'dep':
      return parseModulesDep(bytes, where).map(({ path, dependencies }) => [
        moduleName(path),
        [`${path}:`, ...dependencies].join(' '),
      ])
    case 'alias':
      return parseModulesAlias(bytes, where).flatMap(({ alias, module }) => aliasPair(alias, module))
    case 'symbols':
      return parseModulesAlias(bytes, where).map(({ alias, module }) => [alias, module])
    case 'builtin':
      return parseModulesPaths(bytes, where).map((path) => [moduleName(path), ''])
    case 'builtin.alias':
      return parseBuiltinModinfo(bytes, where)
        .filter(({ key }) => key === 'alias')
        .flatMap(({ module, value }) => aliasPair(value, module))
  }
}

/** Every `-` outside brackets as `_`; nothing for unmatched brackets, which depmod warns of and leaves out. */
function aliasPair(alias: string, module: string): (readonly [string, string])[] {
  let key = ''
  for (let at = 0; at < alias.length;) {
    const open = alias.indexOf('[', at)
    const plain = alias.slice(at, open < 0 ? alias.length : open)
    const close = open < 0 ? alias.length : alias.indexOf(']', open)
    if (plain.includes(']') || close < 0) return []
    key += plain.replaceAll('-', '_') + (open < 0 ? '' : alias.slice(open, close + 1))
    at = close + 1
  }
  return [[key, module]]
}

function toEntries(pairs: readonly (readonly [string, string])[]): IndexEntries {
  const entries = new Map<string, string[]>()
  for (const [key, value] of pairs) {
    const values = entries.get(key)
    if (values === undefined) entries.set(key, [value])
    else values.push(value)
  }
  return new Map([...entries].map(([key, values]) => [key, values.toSorted()]))
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

type Record = { readonly text: string; readonly offset: number }

/** Lines but for empty ones and comments. */
function parseLines<T>(bytes: Uint8Array, where: Location, expected: string, parse: (line: Record) => T | undefined) {
  return parseRecords(bytes, where, 0x0a, expected, parse)
}

function parseRecords<T>(
  bytes: Uint8Array,
  where: Location,
  separator: number,
  expected: string,
  parse: (record: Record) => T | undefined,
): readonly T[] {
  if (bytes.length > MAX_BYTES)
    throw new FormatError(FORMAT, 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`, {
      at: where,
    })
  const values: T[] = []
  for (let offset = 0, end = 0; offset < bytes.length; offset = end + 1) {
    end = bytes.indexOf(separator, offset)
    if (end < 0) end = bytes.length
    const text = decodeName(bytes.subarray(offset, end))
    if (text === '' || (separator === 0x0a && text.startsWith('#'))) continue
    const value = parse({ text, offset })
    if (value === undefined)
      throw new FormatError(FORMAT, 'MALFORMED', `expected ${expected}, got ${JSON.stringify(text.slice(0, 80))}`, {
        at: { ...where, offset },
      })
    values.push(value)
  }
  return values
}
