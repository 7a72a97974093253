// The symbols that a kernel module exports and those that it needs, as depmod finds them: libkmod/libkmod-elf.c (kmod
// 34), over the symbol table of the System V ABI, https://gabi.xinuos.com/elf/05-symtab.html
import { factOf } from '../../bytes/identity.ts'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type FormatCode } from '../../errors.ts'
import { decodeName } from '../../fs/file-tree.ts'
import { ElfCursor, type ElfIdent } from '../elf/cursor.ts'
import { readElf, type ElfSection } from '../elf/elf.ts'

export type ModuleSymbols = {
  /** Names of symbols in the order of the file. */
  readonly exports: readonly string[]
  /** Each once: undefined symbols in the order of the file, then those that only the version table names. */
  readonly imports: readonly string[]
}

const FORMAT = 'module'
/** amdgpu, the largest module there is, has some 6 MiB of symbols and as much of names. */
const MAX_TABLE = 64 << 20
/** KSYM_NAME_LEN of Linux is 512. */
const MAX_NAME = 1024
const CRC_PREFIX = '__crc_'
const SHN_UNDEF = 0
/** `struct modversion_info`: a checksum of the machine's word size, then the name up to 64 bytes in all. */
const VERSION_SIZE = 64

type Fail = (code: FormatCode, message: string, offset: number) => FormatError
type ElfSymbol = { readonly name: string; readonly defined: boolean }

/**
 * The symbols of the symbol table; a module without one has only what `__ksymtab_strings` and `__versions` name.
 * FormatError: those of readElf and of its sections; `module` MALFORMED for tables that are no multiple of their
 * entries, TRUNCATED for a name outside its table, LIMIT_EXCEEDED.
 */
export function readModuleSymbols(source: ByteSource): Promise<ModuleSymbols> {
  return factOf(
    source,
    'module symbols',
    () => readSymbols(source),
    ({ exports, imports }) => 64 * (exports.length + imports.length),
  )
}

async function readSymbols(source: ByteSource): Promise<ModuleSymbols> {
  const elf = await readElf(source)
  const sections = await elf.sections()
  const find = (name: string): ElfSection | undefined => sections.find((section) => section.name === name)
  const symbols = await readSymbolTable(source, elf, find('.symtab'), find('.strtab'))
  const versioned = symbols.flatMap(({ name }) => (name.startsWith(CRC_PREFIX) ? [name.slice(CRC_PREFIX.length)] : []))
  const needed = symbols.filter(({ name, defined }) => !defined && name !== '').map(({ name }) => name)
  return {
    exports: versioned.length > 0 ? versioned : await readExportedStrings(find('__ksymtab_strings')),
    imports: [...new Set([...needed, ...(await readVersions(source, elf, find('__versions')))])],
  }
}

async function readSymbolTable(
  source: ByteSource,
  ident: ElfIdent,
  table: ElfSection | undefined,
  names: ElfSection | undefined,
): Promise<readonly ElfSymbol[]> {
  if (table === undefined || names === undefined) return []
  const wide = ident.class === 64
  const entrySize = wide ? 24 : 16
  const fail = failAt(source, table)
  if (table.size % entrySize !== 0)
    throw fail('MALFORMED', `expected symbols of ${entrySize} bytes, got a table of ${table.size}`, 0)
  const strings = Buffer.from(await readAll(names.data(), MAX_TABLE))
  const cursor = new ElfCursor(await readAll(table.data(), MAX_TABLE), ident, source.where, table.offset)
  const symbols: ElfSymbol[] = []
  for (let at = entrySize; at < table.size; at += entrySize) {
    const nameOffset = cursor.seek(at).u32('st_name') // 0x0
    // 0x4 st_info, 0x5 st_other before it in 64-bit files; value and size, too, in 32-bit ones
    const section = cursor.seek(at + (wide ? 6 : 14)).u16('st_shndx')
    symbols.push({ name: nameAt(strings, nameOffset, at, fail), defined: section !== SHN_UNDEF })
  }
  return symbols
}

function nameAt(strings: Buffer, offset: number, at: number, fail: Fail): string {
  const bytes = strings.subarray(offset, offset + MAX_NAME + 1)
  const end = bytes.indexOf(0)
  if (end >= 0) return decodeName(bytes.subarray(0, end))
  if (bytes.length > MAX_NAME)
    throw fail('LIMIT_EXCEEDED', `expected a symbol's name of at most ${MAX_NAME} bytes, got more`, at)
  throw fail('TRUNCATED', `expected a name at ${offset}, got a name table of ${strings.length} bytes`, at)
}

/** Strings that end at NUL; runs of NUL are padding. */
async function readExportedStrings(section: ElfSection | undefined): Promise<readonly string[]> {
  if (section === undefined) return []
  const text = Buffer.from(await readAll(section.data(), MAX_TABLE)).toString('latin1')
  return text.split('\0').flatMap((name) => (name === '' ? [] : [decodeName(Buffer.from(name, 'latin1'))]))
}

async function readVersions(
  source: ByteSource,
  ident: ElfIdent,
  section: ElfSection | undefined,
): Promise<readonly string[]> {
  if (section === undefined) return []
  const fail = failAt(source, section)
  if (section.size % VERSION_SIZE !== 0)
    throw fail('MALFORMED', `expected versions of ${VERSION_SIZE} bytes, got a table of ${section.size}`, 0)
  const bytes = Buffer.from(await readAll(section.data(), MAX_TABLE))
  const checksumSize = ident.class / 8
  const names: string[] = []
  for (let at = 0; at < bytes.length; at += VERSION_SIZE) {
    const field = bytes.subarray(at + checksumSize, at + VERSION_SIZE)
    const end = field.indexOf(0)
    if (end < 0) throw fail('TRUNCATED', 'expected a name that ends, got none', at)
    names.push(decodeName(field.subarray(0, end)))
  }
  return names.filter((name) => name !== '')
}

function failAt(source: ByteSource, section: ElfSection): Fail {
  return (code, message, offset) =>
    new FormatError(FORMAT, code, message, {
      at: { ...source.where, offset: Math.min(section.offset + offset, source.size) },
    })
}
