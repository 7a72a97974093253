// Reads the EFI stub that a UKI is composed from: headers and sections as they are written out again.
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
import { FormatError, type FormatCode } from '#harness/errors.ts'
import type { Content } from './content.ts'

export type Section = {
  /** The 40 bytes of its header; position and sizes of the data are written over. */
  readonly header: Buffer
  readonly virtualAddress: number
  readonly virtualSize: number
  readonly rawSize: number
  readonly data: Content
}

export type Stub = {
  readonly dosHeader: Uint8Array
  readonly fileHeader: Buffer
  readonly optionalHeader: Buffer
  readonly sectionAlignment: number
  readonly fileAlignment: number
  readonly sections: readonly Section[]
}

const DOS_HEADER_SIZE = 0x40
export const SIGNATURE_SIZE = 4
export const FILE_HEADER_SIZE = 20
/** PE32+ with all 16 data directories. */
export const OPTIONAL_HEADER_SIZE = 240
export const SECTION_HEADER_SIZE = 40
const PE32_PLUS_MAGIC = 0x20b
/** The most that the format allows; more would make files of zeros. */
const MAX_FILE_ALIGNMENT = 0x10000

/** The headers are copies. Errors: those of composePe. */
export function readStub(stub: Uint8Array): Stub {
  const bytes = Buffer.from(stub.buffer, stub.byteOffset, stub.length)
  const dosHeader = take(bytes, 0, DOS_HEADER_SIZE, 'DOS header')
  const start = dosHeader.readUInt32LE(0x3c)
  const signature = take(bytes, start, SIGNATURE_SIZE, 'PE signature')
  if (dosHeader.toString('latin1', 0, 2) !== 'MZ' || signature.toString('latin1') !== 'PE\0\0')
    throw fail('BAD_MAGIC', 'expected a stub with MZ and PE, got other bytes')
  const fileHeader = Buffer.from(take(bytes, start + SIGNATURE_SIZE, FILE_HEADER_SIZE, 'file header'))
  const optionalAt = start + SIGNATURE_SIZE + FILE_HEADER_SIZE
  const optionalHeader = Buffer.from(take(bytes, optionalAt, OPTIONAL_HEADER_SIZE, 'optional header'))
  if (fileHeader.readUInt16LE(16) !== OPTIONAL_HEADER_SIZE || optionalHeader.readUInt16LE(0) !== PE32_PLUS_MAGIC)
    throw fail('UNSUPPORTED', 'expected a PE32+ stub with 16 data directories, got another optional header')
  if (fileHeader.readUInt32LE(8) !== 0) throw fail('UNSUPPORTED', 'expected a stub without COFF symbols, got some')
  const tableAt = optionalAt + OPTIONAL_HEADER_SIZE
  const sections = Array.from({ length: fileHeader.readUInt16LE(2) }, (_, index) => {
    const record = take(bytes, tableAt + index * SECTION_HEADER_SIZE, SECTION_HEADER_SIZE, 'section header')
    const rawSize = record.readUInt32LE(16)
    const header = Buffer.from(record).fill(0, 24, 36) // relocations and line numbers
    const data = take(bytes, rawSize === 0 ? 0 : record.readUInt32LE(20), rawSize, 'section')
    return { header, virtualAddress: record.readUInt32LE(12), virtualSize: record.readUInt32LE(8), rawSize, data }
  })
  const [sectionAlignment, fileAlignment] = [optionalHeader.readUInt32LE(32), optionalHeader.readUInt32LE(36)]
  if (sections.length === 0 || sectionAlignment === 0 || fileAlignment === 0)
    throw fail('MALFORMED', 'expected a stub with sections and alignments, got one without')
  if (fileAlignment > MAX_FILE_ALIGNMENT)
    throw fail('LIMIT_EXCEEDED', `expected a file alignment of at most ${MAX_FILE_ALIGNMENT}, got ${fileAlignment}`)
  return { dosHeader, fileHeader, optionalHeader, sectionAlignment, fileAlignment, sections }
}

function take(bytes: Buffer, offset: number, length: number, what: string): Buffer {
  if (offset + length > bytes.length)
    throw fail('TRUNCATED', `expected ${length} bytes of ${what} at ${offset}, got a stub of ${bytes.length}`)
  return bytes.subarray(offset, offset + length)
}

export function fail(code: FormatCode, message: string): FormatError {
  return new FormatError('pe', code, message)
}
