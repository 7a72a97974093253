// A small ELF file for tests, of either class and byte order.

export type SampleElf = {
  readonly wide?: boolean
  readonly little?: boolean
  readonly type?: number
  readonly machine?: number
  /** PT_INTERP, as it is in the file. */
  readonly interpreter?: string
  /** Tags of PT_DYNAMIC. */
  readonly dynamic?: readonly number[]
  readonly sections?: readonly { readonly name: string; readonly type: number; readonly data: Uint8Array }[]
}

/** Offsets of the structures, for tests that damage them. */
export const HEADER_SIZE = 64

/** Header, program headers, their contents, section contents, name table, section headers; without gaps. */
export function sampleElf(options: SampleElf = {}): Buffer {
  const { wide = true, little = true, type = 2, machine = 183, interpreter, dynamic, sections = [] } = options
  const out = new Writer(wide, little)
  const segments = [
    ...(interpreter === undefined ? [] : [{ type: 3, data: Buffer.from(interpreter) }]),
    ...(dynamic === undefined ? [] : [{ type: 2, data: dynamicTable(dynamic, wide, little) }]),
  ]
  const programEntry = wide ? 56 : 32
  const headerSize = wide ? HEADER_SIZE : 52
  const contents = headerSize + segments.length * programEntry
  const names = ['', ...sections.map(({ name }) => name), '.shstrtab']
  const all = [...sections, { type: 3, data: Buffer.from(`${names.join('\0')}\0`) }]
  const sizes = [...segments, ...all].map(({ data }) => data.length)
  const starts = sizes.map((_, index) => contents + sizes.slice(0, index).reduce((sum, size) => sum + size, 0))
  const end = contents + sizes.reduce((sum, size) => sum + size, 0)

  out.bytes(Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
  out.u16(type, machine).u32(1).address(0, headerSize, end).u32(0)
  out.u16(headerSize, programEntry, segments.length, wide ? 64 : 40, all.length + 1, all.length)
  for (const [index, segment] of segments.entries()) {
    out.u32(segment.type)
    if (wide) out.u32(4)
    out.address(starts[index] ?? 0, 0, 0, segment.data.length, segment.data.length)
    if (!wide) out.u32(4)
    out.address(1)
  }
  for (const { data } of [...segments, ...all]) out.bytes(data)
  out.bytes(Buffer.alloc(wide ? 64 : 40))
  for (const [index, section] of all.entries()) {
    out.u32(names.slice(0, index + 1).join('\0').length + 1, section.type)
    out
      .address(0, 0, starts[segments.length + index] ?? 0, section.data.length)
      .u32(0, 0)
      .address(1, 0)
  }
  return out.toBuffer()
}

function dynamicTable(tags: readonly number[], wide: boolean, little: boolean): Buffer {
  const out = new Writer(wide, little)
  for (const tag of tags) out.address(tag, 1)
  return out.toBuffer()
}

class Writer {
  readonly #parts: Uint8Array[] = []
  readonly #wide: boolean
  readonly #little: boolean

  constructor(wide: boolean, little: boolean) {
    this.#wide = wide
    this.#little = little
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    return this
  }

  u16(...values: readonly number[]): this {
    return this.#numbers(values, 2)
  }

  u32(...values: readonly number[]): this {
    return this.#numbers(values, 4)
  }

  address(...values: readonly number[]): this {
    return this.#numbers(values, this.#wide ? 8 : 4)
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #numbers(values: readonly number[], width: number): this {
    for (const value of values) {
      const bytes = Buffer.alloc(width)
      bytes.writeUIntLE(value, 0, Math.min(width, 6))
      this.#parts.push(this.#little ? bytes : bytes.toReversed())
    }
    return this
  }
}
