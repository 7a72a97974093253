// Reads the headers and the section table of a PE image, as EFI applications have them.
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import { Cursor } from '../../bytes/cursor.ts'
import { FormatError } from '../../errors.ts'

export type PeSection = {
  /** Position in the section table, from 0. */
  readonly index: number
  /** The name of up to eight bytes, as latin1; trailing NULs removed. */
  readonly name: string
  /** Address in memory, relative to the image base. */
  readonly virtualAddress: number
  readonly virtualSize: number
  /** Bytes in the file: virtualSize padded to the file alignment, or less where memory is zero-filled. */
  readonly rawSize: number
  /** Offset of those bytes in the file. */
  readonly offset: number
  readonly characteristics: number
  /** The first min(virtualSize, rawSize) bytes; FormatError TRUNCATED where they are outside the file. */
  data(): ByteSource
}

type PeRange = { readonly offset: number; readonly size: number }

export type Pe = {
  readonly machine: number
  readonly timeDateStamp: number
  readonly coffSymbolTable: { readonly offset: number; readonly count: number }
  readonly characteristics: number
  /** PE32_MAGIC or PE32_PLUS_MAGIC. */
  readonly magic: number
  readonly linkerVersion: { readonly major: number; readonly minor: number }
  readonly entryPoint: number
  readonly sectionAlignment: number
  readonly fileAlignment: number
  readonly sizeOfImage: number
  readonly sizeOfHeaders: number
  readonly checkSum: number
  readonly subsystem: number
  /** Authenticode certificates: a file offset, unlike the other directories; 0, 0 when there are none. */
  readonly certificateTable: PeRange
  readonly sections: readonly PeSection[]
  readonly fileSize: number
}

const PE32_MAGIC = 0x10b
export const PE32_PLUS_MAGIC = 0x20b
export const PE_MACHINE_ARM64 = 0xaa64
export const PE_SUBSYSTEM_EFI_APPLICATION = 10

const FORMAT = 'pe'
const DOS_HEADER_SIZE = 0x40
/** The DOS stub before the PE header has a few hundred bytes. */
const MAX_HEADER_OFFSET = 1 << 16
/** The most that the Windows loader accepts; a UKI has about twenty. */
const MAX_SECTIONS = 96
/** NumberOfRvaAndSizes above this is read as this: the format defines sixteen. */
const MAX_DIRECTORIES = 16
const CERTIFICATE_DIRECTORY = 4
const COFF_SIZE = 24
const SECTION_RECORD_SIZE = 40
const MAX_HEADER_SIZE = COFF_SIZE + 0xffff + MAX_SECTIONS * SECTION_RECORD_SIZE

/**
 * The headers of a PE32 or PE32+ image. Sections outside the file or over each other are facts, not errors.
 * Errors: BAD_MAGIC, TRUNCATED, LIMIT_EXCEEDED, UNSUPPORTED (another optional header).
 */
export async function readPe(source: ByteSource): Promise<Pe> {
  const head = await source.read(0, Math.min(source.size, DOS_HEADER_SIZE))
  const dos = new Cursor(head, FORMAT, source.where)
  const dosMagic = dos.u16le('DOS magic')
  if (dosMagic !== 0x5a4d) throw dos.error('BAD_MAGIC', `expected a DOS header "MZ", got ${hex(dosMagic)}`, 0)
  const start = dos.seek(0x3c).u32le('offset of the PE header') // e_lfanew
  if (start > MAX_HEADER_OFFSET)
    throw dos.error('LIMIT_EXCEEDED', `expected the PE header within ${MAX_HEADER_OFFSET} bytes, got ${start}`, 0x3c)
  const available = Math.min(Math.max(0, source.size - start), MAX_HEADER_SIZE)
  const bytes = available === 0 ? new Uint8Array(0) : await source.read(start, available)
  return parseHeaders(new Cursor(bytes, FORMAT, source.where, start), bytes, start, source)
}

function parseHeaders(cursor: Cursor, bytes: Uint8Array, start: number, source: ByteSource): Pe {
  const signature = cursor.u32le('PE signature') // 0
  if (signature !== 0x4550) throw cursor.error('BAD_MAGIC', `expected a PE signature, got ${hex(signature)}`, 0)
  const machine = cursor.u16le('machine') // 4
  const sectionCount = cursor.u16le('section count') // 6
  if (sectionCount > MAX_SECTIONS)
    throw cursor.error('LIMIT_EXCEEDED', `expected at most ${MAX_SECTIONS} sections, got ${sectionCount}`, 6)
  const timeDateStamp = cursor.u32le('time stamp') // 8
  const coffSymbolTable = { offset: cursor.u32le('symbol table'), count: cursor.u32le('symbol count') } // 12, 16
  const optionalSize = cursor.u16le('size of the optional header') // 20
  const characteristics = cursor.u16le('characteristics') // 22
  cursor.bytes(optionalSize, 'optional header')
  const optional = bytes.subarray(COFF_SIZE, COFF_SIZE + optionalSize)
  return {
    machine,
    timeDateStamp,
    coffSymbolTable,
    characteristics,
    ...parseOptionalHeader(new Cursor(optional, FORMAT, source.where, start + COFF_SIZE)),
    sections: Array.from({ length: sectionCount }, (_, index) => parseSection(cursor, index, source)),
    fileSize: source.size,
  }
}

function parseOptionalHeader(cursor: Cursor) {
  const magic = cursor.u16le('magic of the optional header')
  if (magic !== PE32_MAGIC && magic !== PE32_PLUS_MAGIC)
    throw cursor.error('UNSUPPORTED', `expected a PE32 or PE32+ optional header, got magic ${hex(magic)}`, 0)
  const linkerVersion = { major: cursor.u8('linker version'), minor: cursor.u8('linker version') } // 2, 3
  const entryPoint = cursor.seek(16).u32le('entry point') // after sizes of code and data
  const sectionAlignment = cursor.seek(32).u32le('section alignment') // after BaseOfCode, (BaseOfData,) ImageBase
  const fileAlignment = cursor.u32le('file alignment') // 36
  const sizeOfImage = cursor.seek(56).u32le('size of image') // after versions
  const sizeOfHeaders = cursor.u32le('size of headers') // 60
  const checkSum = cursor.u32le('checksum') // 64
  const subsystem = cursor.u16le('subsystem') // 68
  // PE32+ has 64-bit stack and heap sizes from 72, PE32 32-bit ones; then LoaderFlags and NumberOfRvaAndSizes
  cursor.seek(magic === PE32_PLUS_MAGIC ? 108 : 92)
  const directories = Array.from({ length: Math.min(cursor.u32le('directory count'), MAX_DIRECTORIES) }, () => ({
    offset: cursor.u32le('data directory'), // an address, but for the certificates
    size: cursor.u32le('data directory'),
  }))
  return {
    magic,
    linkerVersion,
    entryPoint,
    sectionAlignment,
    fileAlignment,
    sizeOfImage,
    sizeOfHeaders,
    checkSum,
    subsystem,
    certificateTable: directories[CERTIFICATE_DIRECTORY] ?? { offset: 0, size: 0 },
  }
}

function parseSection(cursor: Cursor, index: number, source: ByteSource): PeSection {
  const name = Buffer.from(cursor.bytes(8, 'section name')).toString('latin1').replace(/\0+$/, '') // 0
  const virtualSize = cursor.u32le('virtual size') // 8
  const virtualAddress = cursor.u32le('virtual address') // 12
  const rawSize = cursor.u32le('raw size') // 16
  const offset = cursor.u32le('pointer to raw data') // 20
  const characteristics = cursor.skip(12).u32le('section characteristics') // 36, after relocations and line numbers
  const size = Math.min(virtualSize, rawSize)
  return {
    index,
    name,
    virtualAddress,
    virtualSize,
    rawSize,
    offset,
    characteristics,
    data() {
      if (offset + size > source.size)
        throw new FormatError(
          FORMAT,
          'TRUNCATED',
          `expected ${size} bytes of section ${JSON.stringify(name)} at ${offset}, got a file of ${source.size}`,
          { at: { ...source.where, offset: Math.min(offset, source.size) } },
        )
      return source.slice(offset, size, memberLocation(source.where, name))
    },
  }
}

/** Sections whose raw bytes are not inside the file. Sections without raw bytes are nowhere. */
export function sectionsOutside(pe: Pe): readonly PeSection[] {
  return pe.sections.filter((section) => section.rawSize > 0 && section.offset + section.rawSize > pe.fileSize)
}

/**
 * Pairs of sections that share bytes of the file or addresses in memory, in table order; empty ranges share nothing.
 */
export function overlappingSections(pe: Pe): readonly (readonly [PeSection, PeSection])[] {
  return pe.sections.flatMap((one, index) =>
    pe.sections
      .slice(index + 1)
      .filter(
        (other) =>
          overlap(one.offset, one.rawSize, other.offset, other.rawSize) ||
          overlap(one.virtualAddress, one.virtualSize, other.virtualAddress, other.virtualSize),
      )
      .map((other) => [one, other] as const),
  )
}

function overlap(a: number, aSize: number, b: number, bSize: number): boolean {
  return aSize > 0 && bSize > 0 && a < b + bSize && b < a + aSize
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
