// The headers that imager lays out anew in front of a stub's sections and its own: siderolabs/talos
// internal/pkg/uki/internal/pe/native.go (v1.11.0 … v1.14.0-rc.1), and what signing changes in them (foxboron/go-uefi).
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
import { FormatError } from '../../errors.ts'
import { DOS_HEADER_SIZE, FILE_HEADER_SIZE, OPTIONAL_HEADER_SIZE, SIGNATURE_SIZE, type StubFacts } from './stub.ts'

export type HeaderInputs = {
  readonly stub: StubFacts
  /** The sections behind the stub's, in order. */
  readonly added: readonly { readonly name: string; readonly size: number }[]
  /** Seconds since 1970. */
  readonly timeDateStamp: number
  /** True if a certificate table follows, up to the end of a file of `fileSize` bytes. */
  readonly isSigned: boolean
  readonly fileSize: number
}

export type UkiHeaders = {
  /** The bytes from the start of the file to the first section. */
  readonly bytes: Uint8Array
  /** Offset of the byte behind the last section. */
  readonly end: number
}

type Record = {
  readonly name: string
  readonly size: number
  readonly address: number
  readonly rawSize: number
  readonly flags: number
}

/** The DOS header, and as much again of zeros. */
const PE_OFFSET = 0x80
const OPTIONAL_OFFSET = PE_OFFSET + SIGNATURE_SIZE + FILE_HEADER_SIZE
const TABLE_OFFSET = OPTIONAL_OFFSET + OPTIONAL_HEADER_SIZE
const RECORD_SIZE = 40
const INITIALIZED_DATA = 0x40
const READABLE_DATA = 0x40000040
/** Certificates begin at a multiple of it. */
const CERTIFICATE_ALIGNMENT = 8
const CERTIFICATE_DIRECTORY = 112 + 4 * 8
/** The alignment of sections is at most that of memory pages, 64 KiB on arm64. */
const MAX_ALIGNMENT = 1 << 16
/** A number as a 32-bit field keeps it. */
const uint32 = (value: number): number => value % 2 ** 32

/** The headers of a UKI of these parts; FormatError UNSUPPORTED for a stub with alignments that no stub has. */
export function layOutHeaders({ stub, added, timeDateStamp, isSigned, fileSize }: HeaderInputs): UkiHeaders {
  const [dos, file, optional] = [stub.dosHeader, stub.fileHeader, stub.optionalHeader].map((hex) =>
    Buffer.from(hex, 'hex'),
  ) as [Buffer, Buffer, Buffer]
  const [sectionAlignment, fileAlignment] = [optional.readUInt32LE(32), optional.readUInt32LE(36)]
  if (Math.min(sectionAlignment, fileAlignment) < 1 || Math.max(sectionAlignment, fileAlignment) > MAX_ALIGNMENT)
    throw new FormatError(
      'pe',
      'UNSUPPORTED',
      `expected a stub with alignments of 1 to ${MAX_ALIGNMENT}, got ${sectionAlignment} and ${fileAlignment}`,
      { at: { path: 'systemd-stub.efi' } },
    )
  const inMemory = roundUpTo(sectionAlignment)
  const inFile = roundUpTo(fileAlignment)
  const records: Record[] = [...stub.sections]
  for (const { name, size } of added) {
    const { address, size: before } = records.at(-1) ?? { address: 0, size: 0 }
    records.push({ name, size, address: inMemory(address + before), rawSize: inFile(size), flags: READABLE_DATA })
  }
  const first = inFile(TABLE_OFFSET + records.length * RECORD_SIZE)
  const stored = records.reduce((sum, { rawSize }) => sum + rawSize, 0)
  const data = records.reduce((sum, { flags, rawSize }) => sum + ((flags & INITIALIZED_DATA) === 0 ? 0 : rawSize), 0)
  const last = records.at(-1)
  const end = first + stored
  const imageBase = Number(optional.readBigUInt64LE(24) % BigInt(sectionAlignment))

  const bytes = Buffer.alloc(first)
  dos.copy(bytes)
  bytes.writeUInt32LE(PE_OFFSET, DOS_HEADER_SIZE - 4)
  bytes.write('PE\0\0', PE_OFFSET, 'latin1')
  file.writeUInt16LE(records.length & 0xffff, 2)
  file.writeUInt32LE(timeDateStamp, 4)
  file.copy(bytes, PE_OFFSET + SIGNATURE_SIZE)
  optional.writeUInt16LE(0, 2) // linker version
  optional.writeUInt32LE(uint32(stored - data), 4) // code
  optional.writeUInt32LE(uint32(data), 8) // initialised data
  optional.writeUInt32LE(uint32(inMemory(imageBase + (last?.address ?? 0) + (last?.size ?? 0)) - imageBase), 56)
  optional.writeUInt32LE(first, 60) // headers
  optional.writeUInt32LE(0, 64) // checksum
  if (isSigned) {
    const table = roundUpTo(CERTIFICATE_ALIGNMENT)(end)
    optional.writeUInt32LE(uint32(table), CERTIFICATE_DIRECTORY)
    optional.writeUInt32LE(uint32(Math.max(0, fileSize - table)), CERTIFICATE_DIRECTORY + 4)
  }
  optional.copy(bytes, OPTIONAL_OFFSET)
  let offset = first
  for (const [index, record] of records.entries()) {
    const at = TABLE_OFFSET + index * RECORD_SIZE
    bytes.write(record.name, at, 8, 'latin1')
    bytes.writeUInt32LE(uint32(record.size), at + 8)
    bytes.writeUInt32LE(uint32(record.address), at + 12)
    bytes.writeUInt32LE(uint32(record.rawSize), at + 16)
    bytes.writeUInt32LE(uint32(offset), at + 20)
    bytes.writeUInt32LE(record.flags, at + 36)
    offset += record.rawSize
  }
  return { bytes, end }
}

function roundUpTo(alignment: number): (value: number) => number {
  return (value) => Math.ceil(value / alignment) * alignment
}

/** Name and size of what follows each other in the headers, up to the section table. */
const FIELDS: readonly (readonly [name: string, size: number])[] = [
  ['DOS header', DOS_HEADER_SIZE - 4],
  ['offset of the PE header', 4],
  ['bytes between the headers', PE_OFFSET - DOS_HEADER_SIZE],
  ['PE signature', 4],
  ['Machine', 2],
  ['NumberOfSections', 2],
  ['TimeDateStamp', 4],
  ['PointerToSymbolTable', 4],
  ['NumberOfSymbols', 4],
  ['SizeOfOptionalHeader', 2],
  ['Characteristics', 2],
  ['Magic', 2],
  ['LinkerVersion', 2],
  ['SizeOfCode', 4],
  ['SizeOfInitializedData', 4],
  ['SizeOfUninitializedData', 4],
  ['AddressOfEntryPoint', 4],
  ['BaseOfCode', 4],
  ['ImageBase', 8],
  ['SectionAlignment', 4],
  ['FileAlignment', 4],
  ['OperatingSystemVersion', 4],
  ['ImageVersion', 4],
  ['SubsystemVersion', 4],
  ['Win32VersionValue', 4],
  ['SizeOfImage', 4],
  ['SizeOfHeaders', 4],
  ['CheckSum', 4],
  ['Subsystem', 2],
  ['DllCharacteristics', 2],
  ['SizeOfStackReserve', 8],
  ['SizeOfStackCommit', 8],
  ['SizeOfHeapReserve', 8],
  ['SizeOfHeapCommit', 8],
  ['LoaderFlags', 4],
  ['NumberOfRvaAndSizes', 4],
  ...Array.from({ length: 16 }, (_, index) => [`data directory ${index}`, 8] as const),
]

/**
 * Every byte of the headers of `count` sections by the name of its field, as hex digits: `AddressOfEntryPoint` →
 * `20100000`. Names go by where imager puts the fields.
 */
export function nameHeaders(bytes: Uint8Array, count: number): ReadonlyMap<string, string> {
  const headers = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const named = new Map<string, string>()
  let at = 0
  const take = (name: string, size: number): void => {
    named.set(name, headers.toString('hex', at, at + size))
    at += size
  }
  for (const [name, size] of FIELDS) take(name, size)
  for (let index = 0; index < count; index++) take(`section ${index}`, RECORD_SIZE)
  take('bytes behind the section table', headers.length - at)
  return named
}
