// Reads ELF files: what they are for, whether they are static, and their sections.
// https://gabi.xinuos.com/elf/ (System V ABI, chapters "Object Files" and "Program Loading and Dynamic Linking")
import { factOf } from '../../bytes/identity.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { ElfCursor, type ElfIdent } from './cursor.ts'
import { readSections, type ElfSection } from './sections.ts'

export type { ElfSection } from './sections.ts'
export { machineName } from './machine.ts'

type ElfType = 'none' | 'relocatable' | 'executable' | 'shared' | 'core' | 'other'

export type Elf = ElfIdent & {
  /** `shared` is also what a position-independent executable is. */
  readonly type: ElfType
  /** e_machine; `machineName` names it. */
  readonly machine: number
  /** True if an executable segment (PT_LOAD) covers the entry point: else the program dies at its first instruction. */
  readonly hasEntry: boolean
  /** PT_INTERP, without its NUL; absent in static files. */
  readonly interpreter?: string
  /** True if there is a PT_DYNAMIC; static-pie executables have one. */
  readonly dynamic: boolean
  /** True if it names a library (DT_NEEDED). */
  readonly needsLibraries: boolean
  /** The section table, read at the first call. Errors: TRUNCATED, LIMIT_EXCEEDED, MALFORMED. */
  sections(): Promise<readonly ElfSection[]>
}

const FORMAT = 'elf'
const IDENT_SIZE = 16
const MAX_HEADER_SIZE = 64
const TYPES: readonly ElfType[] = ['none', 'relocatable', 'executable', 'shared', 'core']
const PT_LOAD = 1
const PF_X = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NULL = 0n
const DT_NEEDED = 1n
/** Executables have some ten to twenty; the format's own limit is 65535 and makes no sense outside core dumps. */
const MAX_PROGRAM_HEADERS = 1024
/** PATH_MAX of Linux, as its loader has it. */
const MAX_INTERPRETER_SIZE = 4096
/** 16 bytes for each of some dozens of entries. */
const MAX_DYNAMIC_SIZE = 1 << 20

/** True if bytes start with the ELF magic; four are enough. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

/** An executable that runs without a loader or a library. Says nothing about relocatable files. */
export function isStatic(elf: Elf): boolean {
  return elf.interpreter === undefined && !elf.needsLibraries
}

/** True if a file starts with the ELF magic. */
export function hasElfMagic(source: ByteSource): Promise<boolean> {
  return factOf(source, 'elf magic', async () => isElf(await source.read(0, Math.min(source.size, 4))))
}

/** Header and program headers. Errors: BAD_MAGIC, TRUNCATED, MALFORMED, LIMIT_EXCEEDED. */
export async function readElf(source: ByteSource): Promise<Elf> {
  const { sectionHeaders, ...header } = await factOf(source, 'elf', () => readHeaders(source))
  let sections: Promise<readonly ElfSection[]> | undefined
  return { ...header, sections: () => (sections ??= readSections(source, header, sectionHeaders)) }
}

type Headers = Omit<Elf, 'sections'> & { readonly sectionHeaders: Table & { readonly namesIndex: number } }

async function readHeaders(source: ByteSource): Promise<Headers> {
  const bytes = await source.read(0, Math.min(source.size, MAX_HEADER_SIZE))
  if (!isElf(bytes)) {
    const got = bytes.length === 0 ? 'no bytes' : Buffer.from(bytes.subarray(0, 4)).toString('hex')
    throw new FormatError(FORMAT, 'BAD_MAGIC', `expected 7f454c46, got ${got}`, { at: { ...source.where, offset: 0 } })
  }
  const ident: ElfIdent = {
    class: oneOf(source, bytes, 4, 'class', { 1: 32, 2: 64 }), // EI_CLASS
    endian: oneOf(source, bytes, 5, 'data encoding', { 1: 'little', 2: 'big' }), // EI_DATA
  }
  const cursor = new ElfCursor(bytes, ident, source.where)
  const typeNumber = cursor.seek(IDENT_SIZE).u16('type') // e_type
  const machine = cursor.u16('machine') // e_machine
  cursor.u32('version') // e_version
  const entry = cursor.address('entry point') // e_entry
  const programOffset = cursor.offset('program header offset') // e_phoff
  const sectionOffset = cursor.offset('section header offset') // e_shoff
  cursor.u32('flags') // e_flags
  cursor.u16('header size') // e_ehsize
  const programHeaders = { offset: programOffset, entrySize: cursor.u16('phentsize'), count: cursor.u16('phnum') }
  const sectionHeaders = {
    offset: sectionOffset,
    entrySize: cursor.u16('shentsize'),
    count: cursor.u16('shnum'),
    namesIndex: cursor.u16('shstrndx'),
  }
  const segments = await readSegments(source, ident, programHeaders)
  const interpreter = segments.find(({ type }) => type === PT_INTERP)
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
  return {
    ...ident,
    sectionHeaders,
    type: TYPES[typeNumber] ?? 'other',
    machine,
    ...(interpreter && { interpreter: await readInterpreter(source, interpreter) }),
    hasEntry: segments.some((segment) => isRunFrom(segment, entry)),
    dynamic: dynamic !== undefined,
    needsLibraries: dynamic !== undefined && (await readNeeds(source, ident, dynamic)),
  }
}

type Segment = {
  readonly type: number
  readonly offset: number
  readonly size: number
  /** 1 execute, 2 write, 4 read. */
  readonly flags: number
  readonly address: bigint
}

function isRunFrom({ type, flags, address, size }: Segment, entry: bigint): boolean {
  return type === PT_LOAD && (flags & PF_X) !== 0 && entry >= address && entry < address + BigInt(size)
}

type Table = { readonly offset: number; readonly entrySize: number; readonly count: number }

async function readSegments(source: ByteSource, ident: ElfIdent, table: Table): Promise<readonly Segment[]> {
  if (table.count === 0) return []
  const wide = ident.class === 64
  const at = { ...source.where, offset: Math.min(table.offset, source.size) }
  if (table.entrySize !== (wide ? 56 : 32))
    throw new FormatError(
      FORMAT,
      'MALFORMED',
      `expected program headers of ${wide ? 56 : 32} bytes, got ${table.entrySize}`,
      { at },
    )
  if (table.count > MAX_PROGRAM_HEADERS)
    throw new FormatError(
      FORMAT,
      'LIMIT_EXCEEDED',
      `expected at most ${MAX_PROGRAM_HEADERS} program headers, got ${table.count}`,
      { at },
    )
  const bytes = await source.read(table.offset, table.count * table.entrySize)
  const cursor = new ElfCursor(bytes, ident, source.where, table.offset)
  return Array.from({ length: table.count }, (_, index) => {
    const type = cursor.seek(index * table.entrySize).u32('p_type')
    const early = wide ? cursor.u32('p_flags') : 0
    const offset = cursor.offset('p_offset')
    const address = cursor.address('p_vaddr')
    cursor.address('p_paddr')
    const size = cursor.offset('p_filesz')
    cursor.address('p_memsz')
    return { type, offset, size, address, flags: wide ? early : cursor.u32('p_flags') }
  })
}

async function readInterpreter(source: ByteSource, segment: Segment): Promise<string> {
  const bytes = await readBounded(source, segment, MAX_INTERPRETER_SIZE, 'PT_INTERP')
  const end = bytes.indexOf(0)
  return Buffer.from(bytes.subarray(0, end === -1 ? bytes.length : end)).toString()
}

async function readNeeds(source: ByteSource, ident: ElfIdent, segment: Segment): Promise<boolean> {
  const bytes = await readBounded(source, segment, MAX_DYNAMIC_SIZE, 'PT_DYNAMIC')
  const cursor = new ElfCursor(bytes, ident, source.where, segment.offset)
  const entrySize = ident.class / 4 // d_tag, d_un
  for (let at = 0; at + entrySize <= bytes.length; at += entrySize) {
    const tag = cursor.seek(at).address('d_tag')
    if (tag === DT_NEEDED) return true
    if (tag === DT_NULL) return false
  }
  return false
}

function readBounded(source: ByteSource, segment: Segment, max: number, what: string): Promise<Uint8Array> {
  if (segment.size > max)
    throw new FormatError(FORMAT, 'LIMIT_EXCEEDED', `expected ${what} of at most ${max} bytes, got ${segment.size}`, {
      at: { ...source.where, offset: Math.min(segment.offset, source.size) },
    })
  return source.read(segment.offset, segment.size)
}

function oneOf<T>(source: ByteSource, bytes: Uint8Array, at: number, what: string, values: Record<number, T>): T {
  const offset = { at: { ...source.where, offset: Math.min(at, bytes.length) } }
  const byte = bytes[at]
  if (byte === undefined) throw new FormatError(FORMAT, 'TRUNCATED', `expected ${what}, got the end`, offset)
  const value = Object.hasOwn(values, byte) ? values[byte] : undefined
  if (value === undefined) throw new FormatError(FORMAT, 'MALFORMED', `expected ${what} 1 or 2, got ${byte}`, offset)
  return value
}
