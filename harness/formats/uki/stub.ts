// The parts of an EFI stub that a UKI takes over: headers, and every section with its bytes.
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
import { readDigest, encodedPart } from '../../bytes/digest.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { PE32_PLUS_MAGIC, readPe, type PeSection } from './pe.ts'

export type StubSection = {
  readonly name: string
  /** The address in memory, relative to the image base. */
  readonly address: number
  readonly size: number
  /** Bytes in the file, which `sha256` (64 hex digits) covers. */
  readonly rawSize: number
  readonly flags: number
  readonly sha256: string
}

/** Headers as hex digits. */
export type StubFacts = {
  readonly dosHeader: string
  readonly fileHeader: string
  readonly optionalHeader: string
  readonly sections: readonly StubSection[]
}

export const DOS_HEADER_SIZE = 64
export const SIGNATURE_SIZE = 4
export const FILE_HEADER_SIZE = 20
/** PE32+ with all 16 data directories. */
export const OPTIONAL_HEADER_SIZE = 240
const FORMAT = 'pe'

/**
 * The stub as a file. Errors of `readPe`, TRUNCATED where a section is outside the file, UNSUPPORTED where the
 * optional header is not PE32+ with 16 directories or COFF symbols follow.
 */
export async function readStub(source: ByteSource): Promise<StubFacts> {
  const pe = await readPe(source)
  const dosHeader = Buffer.from(await source.read(0, DOS_HEADER_SIZE))
  const start = dosHeader.readUInt32LE(0x3c) + SIGNATURE_SIZE
  const fileHeader = Buffer.from(await source.read(start, FILE_HEADER_SIZE))
  if (fileHeader.readUInt16LE(16) !== OPTIONAL_HEADER_SIZE || pe.magic !== PE32_PLUS_MAGIC)
    throw unsupported('expected a PE32+ stub with 16 data directories, got another optional header', source)
  if (pe.coffSymbolTable.offset !== 0) throw unsupported('expected a stub without COFF symbols, got some', source)
  const optionalHeader = Buffer.from(await source.read(start + FILE_HEADER_SIZE, OPTIONAL_HEADER_SIZE))
  return {
    dosHeader: dosHeader.toString('hex'),
    fileHeader: fileHeader.toString('hex'),
    optionalHeader: optionalHeader.toString('hex'),
    sections: await readSections(source, pe.sections),
  }
}

/** These sections with their bytes. TRUNCATED where one is outside the file. */
export async function readSections(
  source: ByteSource,
  sections: readonly PeSection[],
): Promise<readonly StubSection[]> {
  const read: StubSection[] = []
  for (const section of sections) read.push(await readSection(source, section))
  return read
}

async function readSection(source: ByteSource, section: PeSection): Promise<StubSection> {
  const { name, virtualAddress, virtualSize, rawSize, offset, characteristics } = section
  const stored = rawSize === 0 ? source.slice(0, 0) : source.slice(offset, rawSize)
  return {
    name,
    address: virtualAddress,
    size: virtualSize,
    rawSize,
    flags: characteristics,
    sha256: encodedPart(await readDigest(stored)),
  }
}

function unsupported(message: string, { where }: ByteSource): FormatError {
  return new FormatError(FORMAT, 'UNSUPPORTED', message, { at: where })
}
