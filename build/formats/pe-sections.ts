// Appends sections to an EFI stub, as siderolabs/talos internal/pkg/uki/internal/pe/native.go (v1.11.5) does.
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
import { chunksOf, sizeOf, type Content } from './content.ts'
import {
  fail,
  FILE_HEADER_SIZE,
  OPTIONAL_HEADER_SIZE,
  readStub,
  SECTION_HEADER_SIZE,
  SIGNATURE_SIZE,
  type Section,
} from './pe-stub.ts'

export type NewSection = { readonly name: string; readonly data: Uint8Array }
/** The same with a content that need not be in memory. */
export type StreamedSection = { readonly name: string; readonly data: Content }
export type PeOptions = { readonly timeDateStamp?: number }

/** The offset of the PE signature: the DOS header and as much again, empty. */
const PE_OFFSET = 0x80
const CNT_INITIALIZED_DATA = 0x40
const MEM_READ = 0x40000000
const MAX_SECTIONS = 96
/** All offsets and sizes of the format are 32 bits wide. */
const MAX_FILE_SIZE = 2 ** 32 - 1

/**
 * The stub with `sections` behind its own, one after the other in memory and in the file. `timeDateStamp` (seconds since
 * 1970) is the stub's unless given. Data behind the stub's sections (symbols, certificates) is not taken over.
 * FormatError: BAD_MAGIC, TRUNCATED, UNSUPPORTED (no PE32+ with 16 directories; symbols), LIMIT_EXCEEDED, MALFORMED.
 */
export function composePe(stub: Uint8Array, sections: readonly NewSection[], options: PeOptions = {}): Uint8Array {
  const { headers, all, size } = layOut(stub, sections, options)
  const out = Buffer.alloc(size)
  out.set(headers)
  let offset = headers.length
  for (const { data, rawSize } of all) {
    // Sections of the stub and new ones alike are in memory here.
    out.set(data as Uint8Array, offset)
    offset += rawSize
  }
  return out
}

/** The bytes of `composePe` as a stream of known size. */
export function streamPe(
  stub: Uint8Array,
  sections: readonly StreamedSection[],
  options: PeOptions = {},
): { readonly size: number; stream(): AsyncGenerator<Uint8Array, void, void> } {
  const { headers, all, size } = layOut(stub, sections, options)
  return {
    size,
    async *stream() {
      yield headers
      for (const { data, rawSize } of all) {
        yield* chunksOf(data)
        yield Buffer.alloc(rawSize - sizeOf(data))
      }
    },
  }
}

type Layout = { readonly headers: Uint8Array; readonly all: readonly Section[]; readonly size: number }

/** Headers up to the first section, and what follows them. */
function layOut(stub: Uint8Array, sections: readonly StreamedSection[], options: PeOptions): Layout {
  const { dosHeader, fileHeader, optionalHeader, sectionAlignment, fileAlignment, sections: own } = readStub(stub)
  const all = [...own]
  for (const section of sections) all.push(placeSection(section, all.at(-1), sectionAlignment, fileAlignment))
  if (all.length > MAX_SECTIONS)
    throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_SECTIONS} sections, got ${all.length}`)
  const tableOffset = PE_OFFSET + SIGNATURE_SIZE + FILE_HEADER_SIZE + OPTIONAL_HEADER_SIZE
  const headersSize = align(tableOffset + all.length * SECTION_HEADER_SIZE, fileAlignment)
  const size = all.reduce((sum, section) => sum + section.rawSize, headersSize)
  const imageSize = align(endOf(all.at(-1)), sectionAlignment)
  if (Math.max(size, imageSize) > MAX_FILE_SIZE)
    throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_FILE_SIZE} bytes, got ${Math.max(size, imageSize)}`)

  fileHeader.writeUInt16LE(all.length, 2) // NumberOfSections
  if (options.timeDateStamp !== undefined) fileHeader.writeUInt32LE(options.timeDateStamp, 4)
  optionalHeader.writeUInt16LE(0, 2) // MajorLinkerVersion, MinorLinkerVersion
  optionalHeader.writeUInt32LE(sumRaw(all, false), 4) // SizeOfCode
  optionalHeader.writeUInt32LE(sumRaw(all, true), 8) // SizeOfInitializedData
  optionalHeader.writeUInt32LE(imageSize, 56) // SizeOfImage
  optionalHeader.writeUInt32LE(headersSize, 60) // SizeOfHeaders
  optionalHeader.writeUInt32LE(0, 64) // CheckSum

  const headers = Buffer.alloc(headersSize)
  headers.set(dosHeader)
  headers.writeUInt32LE(PE_OFFSET, 0x3c) // e_lfanew
  headers.write('PE\0\0', PE_OFFSET, 'latin1')
  headers.set(fileHeader, PE_OFFSET + SIGNATURE_SIZE)
  headers.set(optionalHeader, PE_OFFSET + SIGNATURE_SIZE + FILE_HEADER_SIZE)
  let offset = headersSize
  for (const [index, section] of all.entries()) {
    section.header.writeUInt32LE(offset, 20) // PointerToRawData
    headers.set(section.header, tableOffset + index * SECTION_HEADER_SIZE)
    offset += section.rawSize
  }
  return { headers, all, size }
}

function placeSection(
  { name, data }: StreamedSection,
  before: Section | undefined,
  sectionAlignment: number,
  fileAlignment: number,
): Section {
  const rawName = Buffer.from(name, 'latin1')
  if (rawName.length > 8) throw fail('MALFORMED', `expected a section name of at most 8 bytes, got ${name}`)
  const virtualAddress = align(endOf(before), sectionAlignment)
  const size = sizeOf(data)
  const rawSize = align(size, fileAlignment)
  if (virtualAddress > MAX_FILE_SIZE) throw fail('LIMIT_EXCEEDED', `expected ${name} below 4 GiB, got more before it`)
  const header = Buffer.alloc(SECTION_HEADER_SIZE)
  header.set(rawName) // 0
  header.writeUInt32LE(size, 8) // VirtualSize
  header.writeUInt32LE(virtualAddress, 12)
  header.writeUInt32LE(rawSize, 16) // SizeOfRawData
  header.writeUInt32LE(CNT_INITIALIZED_DATA | MEM_READ, 36)
  return { header, virtualAddress, virtualSize: size, rawSize, data }
}

function endOf(section: Section | undefined): number {
  return section === undefined ? 0 : section.virtualAddress + section.virtualSize
}

function sumRaw(sections: readonly Section[], initialized: boolean): number {
  return sections.reduce(
    (sum, { header, rawSize }) =>
      ((header.readUInt32LE(36) & CNT_INITIALIZED_DATA) !== 0) === initialized ? sum + rawSize : sum,
    0,
  )
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment
}
