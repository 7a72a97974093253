// Writes PE files whose headers and sections are right, field by field so that each can be damaged by its offset:
// https://learn.microsoft.com/en-us/windows/win32/debug/pe-format

export type SampleSection = {
  readonly name: string
  readonly data: Uint8Array
  /** VirtualSize when it is not the size of `data`. */
  readonly virtualSize?: number
  readonly virtualAddress?: number
  /** SizeOfRawData and PointerToRawData when they shall not describe where `data` was put. */
  readonly rawSize?: number
  readonly offset?: number
  /** Flags of the section; those of read-only data unless given. */
  readonly characteristics?: number
}

export type SampleOptions = {
  readonly pe32?: boolean
  readonly certificate?: Uint8Array
  /** e_lfanew: where the PE signature goes. */
  readonly headerOffset?: number
  readonly directoryCount?: number
  /** arm64 unless given. */
  readonly machine?: number
  /** The COFF header's; an executable of GNU's linker of the day of Talos v1.11.5 unless given. */
  readonly timestamp?: number
  readonly characteristics?: number
  readonly entryPoint?: number
  readonly imageBase?: number
  /** The least size of the headers, in bytes. */
  readonly headersSize?: number
}

const FILE_ALIGNMENT = 0x200
const SECTION_ALIGNMENT = 0x1000
const COFF_SIZE = 24
const SECTION_RECORD_SIZE = 40
const CODE = 0x60000020
const READ_ONLY = 0x40000040
/** Place of the base relocations among the directories. */
const RELOCATIONS = 5

/** Bytes of an EFI application with these sections laid out one after the other behind the headers. */
export function samplePe(sections: readonly SampleSection[], options: SampleOptions = {}): Buffer {
  const { pe32 = false, certificate = new Uint8Array(0), headerOffset = 0x80, directoryCount = 16 } = options
  const { machine = 0xaa64, timestamp = 0x690c9627, characteristics = 0x22e, imageBase = 0 } = options
  const { entryPoint = 0x1020, headersSize = 0x400 } = options
  const directories = pe32 ? 96 : 112
  const optionalSize = directories + directoryCount * 8
  const records = headerOffset + COFF_SIZE + optionalSize
  const headers = Math.max(headersSize, align(records + sections.length * SECTION_RECORD_SIZE, FILE_ALIGNMENT))
  const size = sections.reduce((sum, section) => sum + align(section.data.length, FILE_ALIGNMENT), headers)
  const out = Buffer.alloc(size + certificate.length)

  out.write('MZ', 0, 'latin1')
  out.writeUInt32LE(headerOffset, 0x3c)
  out.write('PE\0\0', headerOffset, 'latin1')
  out.writeUInt16LE(machine, headerOffset + 4)
  out.writeUInt16LE(sections.length, headerOffset + 6)
  out.writeUInt32LE(timestamp, headerOffset + 8)
  out.writeUInt16LE(optionalSize, headerOffset + 20)
  out.writeUInt16LE(characteristics, headerOffset + 22)

  const optional = headerOffset + COFF_SIZE
  out.writeUInt16LE(pe32 ? 0x10b : 0x20b, optional)
  out.writeUInt32LE(sumRaw(sections, true), optional + 4) // SizeOfCode
  out.writeUInt32LE(sumRaw(sections, false), optional + 8) // SizeOfInitializedData
  out.writeUInt32LE(entryPoint, optional + 16)
  out.writeUInt32LE(SECTION_ALIGNMENT, optional + 20) // BaseOfCode
  if (!pe32) out.writeBigUInt64LE(BigInt(imageBase), optional + 24)
  out.writeUInt32LE(SECTION_ALIGNMENT, optional + 32)
  out.writeUInt32LE(FILE_ALIGNMENT, optional + 36)
  out.writeUInt32LE(headers, optional + 60)
  out.writeUInt16LE(10, optional + 68)
  out.writeUInt32LE(directoryCount, optional + directories - 4)
  if (certificate.length > 0) {
    out.writeUInt32LE(size, optional + directories + 32)
    out.writeUInt32LE(certificate.length, optional + directories + 36)
    out.set(certificate, size)
  }

  let offset = headers
  let address = SECTION_ALIGNMENT
  for (const [index, section] of sections.entries()) {
    const record = records + index * SECTION_RECORD_SIZE
    const virtualSize = section.virtualSize ?? section.data.length
    out.write(section.name, record, 8, 'latin1')
    out.writeUInt32LE(virtualSize, record + 8)
    out.writeUInt32LE(section.virtualAddress ?? address, record + 12)
    out.writeUInt32LE(section.rawSize ?? align(section.data.length, FILE_ALIGNMENT), record + 16)
    out.writeUInt32LE(section.offset ?? offset, record + 20)
    out.writeUInt32LE(section.characteristics ?? READ_ONLY, record + 36)
    out.set(section.data, offset)
    if (section.name === '.reloc' && directoryCount > RELOCATIONS) {
      out.writeUInt32LE(section.virtualAddress ?? address, optional + directories + RELOCATIONS * 8)
      out.writeUInt32LE(virtualSize, optional + directories + RELOCATIONS * 8 + 4)
    }
    offset += align(section.data.length, FILE_ALIGNMENT)
    address += Math.max(SECTION_ALIGNMENT, align(virtualSize, SECTION_ALIGNMENT))
  }
  out.writeUInt32LE(address, optional + 56)
  return out
}

function sumRaw(sections: readonly SampleSection[], code: boolean): number {
  return sections
    .filter(({ characteristics }) => (characteristics === CODE) === code)
    .reduce((sum, { data }) => sum + align(data.length, FILE_ALIGNMENT), 0)
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment
}
