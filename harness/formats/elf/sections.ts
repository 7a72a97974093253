// Reads the section table of an ELF file: https://gabi.xinuos.com/elf/03-sheader.html
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import { FormatError, type FormatCode } from '../../errors.ts'
import { ElfCursor, type ElfIdent } from './cursor.ts'

export type ElfSection = {
  readonly name: string
  /** sh_type: 1 PROGBITS, 7 NOTE, 8 NOBITS, … */
  readonly type: number
  readonly offset: number
  readonly size: number
  /** Its bytes, none for NOBITS. Errors: TRUNCATED where they are outside the file. */
  data(): ByteSource
}

export type SectionTable = {
  readonly offset: number
  readonly entrySize: number
  readonly count: number
  readonly namesIndex: number
}

type Header = { readonly nameOffset: number; readonly type: number; readonly offset: number; readonly size: number }

const FORMAT = 'elf'
const SHT_NOBITS = 8
const SHN_LORESERVE = 0xff00
/** The most that the header can count without extended numbering; 128 bytes of name for each of them. */
const MAX_SECTIONS = 0xff00
const MAX_NAMES_SIZE = 8 << 20
/** Section names carry function names; those of C++ and Rust are long. */
const MAX_NAME_SIZE = 1024

/**
 * All sections in table order, with the first that is always empty; none without a table. Errors: MALFORMED, TRUNCATED,
 * LIMIT_EXCEEDED, UNSUPPORTED (extended numbering: more than 65279 sections).
 */
export async function readSections(
  source: ByteSource,
  ident: ElfIdent,
  table: SectionTable,
): Promise<readonly ElfSection[]> {
  if (table.offset === 0) return []
  const fail = (code: FormatCode, message: string) =>
    new FormatError(FORMAT, code, message, { at: { ...source.where, offset: Math.min(table.offset, source.size) } })
  const entrySize = ident.class === 64 ? 64 : 40
  if (table.entrySize !== entrySize)
    throw fail('MALFORMED', `expected section headers of ${entrySize} bytes, got ${table.entrySize}`)
  if (table.count === 0 || table.namesIndex >= SHN_LORESERVE)
    throw fail('UNSUPPORTED', 'expected section numbers in the header, got extended numbering')
  if (table.count > MAX_SECTIONS)
    throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_SECTIONS} sections, got ${table.count}`)

  const headers = parseHeaders(
    new ElfCursor(await source.read(table.offset, table.count * entrySize), ident, source.where, table.offset),
    table.count,
    entrySize,
  )
  const namesHeader = headers[table.namesIndex]
  if (namesHeader === undefined)
    throw fail('MALFORMED', `expected a name table among ${table.count} sections, got index ${table.namesIndex}`)
  if (namesHeader.size > MAX_NAMES_SIZE)
    throw fail('LIMIT_EXCEEDED', `expected section names of at most ${MAX_NAMES_SIZE} bytes, got ${namesHeader.size}`)
  // Index 0 says that there are no names.
  const names = table.namesIndex === 0 ? new Uint8Array(1) : await source.read(namesHeader.offset, namesHeader.size)
  return headers.map((header) => toSection(source, header, nameAt(names, header.nameOffset, fail)))
}

function parseHeaders(cursor: ElfCursor, count: number, entrySize: number): readonly Header[] {
  return Array.from({ length: count }, (_, index) => {
    const nameOffset = cursor.seek(index * entrySize).u32('sh_name')
    const type = cursor.u32('sh_type')
    cursor.address('sh_flags')
    cursor.address('sh_addr')
    return { nameOffset, type, offset: cursor.offset('sh_offset'), size: cursor.offset('sh_size') }
  })
}

function nameAt(names: Uint8Array, offset: number, fail: (code: FormatCode, message: string) => FormatError): string {
  const bytes = names.subarray(offset, offset + MAX_NAME_SIZE + 1)
  const end = bytes.indexOf(0)
  if (end !== -1) return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1')
  if (bytes.length > MAX_NAME_SIZE)
    throw fail('LIMIT_EXCEEDED', `expected section names of at most ${MAX_NAME_SIZE} bytes`)
  throw fail('TRUNCATED', `expected a section name at ${offset}, got a name table of ${names.length} bytes`)
}

function toSection(source: ByteSource, header: Header, name: string): ElfSection {
  const { type, offset, size } = header
  return {
    name,
    type,
    offset,
    size,
    data() {
      const where = memberLocation(source.where, name)
      if (type === SHT_NOBITS) return source.slice(0, 0, where)
      if (offset + size <= source.size) return source.slice(offset, size, where)
      throw new FormatError(
        FORMAT,
        'TRUNCATED',
        `expected ${size} bytes of section ${JSON.stringify(name)} at ${offset}, got a file of ${source.size}`,
        { at: { ...source.where, offset: Math.min(offset, source.size) } },
      )
    },
  }
}
