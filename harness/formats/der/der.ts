// A bounds-checked reader of DER, for signatures and certificates: ITU-T X.690 (02/2021), chapters 8 and 10.
import { Cursor } from '../../bytes/cursor.ts'
import { FormatError, type FormatCode, type Location } from '../../errors.ts'

const FORMAT = 'der'
/** Certificates nest some ten levels deep. */
const MAX_DEPTH = 16
/** Bytes of an OID, more than any in use has; each arc is a number of at most 28 bits. */
const MAX_OID = 64

/** Identifier octets (X.690 §8.1.2): universal, constructed where they hold values. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  OCTET_STRING: 0x04,
  OID: 0x06,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const

/** `[n]` that holds values (constructed), and `[n]` that replaces a primitive. */
export const contextTag = (n: number): number => 0xa0 | n
export const contextPrimitive = (n: number): number => 0x80 | n

export type DerValue = {
  /** The identifier octet. */
  readonly tag: number
  readonly content: Uint8Array
  /** Identifier, length and content. */
  readonly raw: Uint8Array
  /** Absolute offset of `raw`. */
  readonly offset: number
  readonly contentOffset: number
  readonly depth: number
}

/**
 * Reads values one after another. Errors are FormatErrors `der` with an absolute offset: TRUNCATED, MALFORMED (another
 * tag than expected, a length not in its shortest form, bytes left over), UNSUPPORTED (indefinite length, tags above
 * 30), LIMIT_EXCEEDED (more than 16 levels).
 */
export class DerReader {
  readonly #cursor: Cursor
  readonly #bytes: Uint8Array
  readonly #where: Location
  readonly #base: number
  readonly #depth: number

  /** `base` is the offset of `bytes[0]` in what `where` names. */
  constructor(bytes: Uint8Array, where: Location = {}, base = 0, depth = 0) {
    this.#cursor = new Cursor(bytes, FORMAT, where, base)
    this.#bytes = bytes
    this.#where = where
    this.#base = base
    this.#depth = depth
  }

  get atEnd(): boolean {
    return this.#cursor.remaining === 0
  }

  /** True if the next value has this tag. */
  isNext(tag: number): boolean {
    return this.#bytes[this.#cursor.position] === tag
  }

  /** The next value, which must have this tag if one is given. */
  next(what: string, tag?: number): DerValue {
    const start = this.#cursor.position
    const got = this.#cursor.u8(what)
    if (tag !== undefined && got !== tag)
      throw this.#error('MALFORMED', `expected ${what} (tag ${hex(tag)}), got tag ${hex(got)}`, start)
    if ((got & 0x1f) === 0x1f) throw this.#error('UNSUPPORTED', `expected a tag below 31, got ${hex(got)}`, start)
    const length = this.#length(what)
    const contentOffset = this.#base + this.#cursor.position
    const content = this.#cursor.bytes(length, what)
    return {
      tag: got,
      content,
      raw: this.#bytes.subarray(start, this.#cursor.position),
      offset: this.#base + start,
      contentOffset,
      depth: this.#depth,
    }
  }

  /** The next value where it has this tag. */
  optional(what: string, tag: number): DerValue | undefined {
    return this.isNext(tag) ? this.next(what, tag) : undefined
  }

  /** The values inside the next value, which must have this tag. */
  enter(what: string, tag: number): DerReader {
    return this.inside(this.next(what, tag))
  }

  /** The values inside one that was read. */
  inside(value: DerValue): DerReader {
    if (value.depth >= MAX_DEPTH) throw this.#errorAt('LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} levels`, value)
    return new DerReader(value.content, this.#where, value.contentOffset, value.depth + 1)
  }

  /** An OBJECT IDENTIFIER as `1.2.840.113549.1.7.2`. */
  oid(what: string): string {
    const value = this.next(what, TAG.OID)
    const arcs: number[] = []
    let arc = 0
    for (const byte of value.content.subarray(0, MAX_OID)) {
      if (arc >= 1 << 21) throw this.#errorAt('LIMIT_EXCEEDED', `expected arcs of at most 28 bits in ${what}`, value)
      arc = (arc << 7) | (byte & 0x7f)
      if (byte >= 0x80) continue
      arcs.push(arc)
      arc = 0
    }
    const [first] = arcs
    if (first === undefined || value.content.length > MAX_OID || (value.content.at(-1) ?? 0x80) >= 0x80)
      throw this.#errorAt('MALFORMED', `expected an object identifier as ${what}`, value)
    const root = Math.min(2, Math.floor(first / 40))
    return [root, first - 40 * root, ...arcs.slice(1)].join('.')
  }

  /** Throws unless everything was read. */
  end(what: string): void {
    if (!this.atEnd)
      throw this.#error(
        'MALFORMED',
        `expected the end of ${what}, got ${this.#cursor.remaining} bytes`,
        this.#cursor.position,
      )
  }

  #length(what: string): number {
    const start = this.#cursor.position
    const first = this.#cursor.u8(`length of ${what}`)
    if (first < 0x80) return first
    if (first === 0x80) throw this.#error('UNSUPPORTED', `expected a definite length of ${what}`, start)
    // More than four bytes of length exceed every input here; four are enough to see it.
    let length = 0
    for (let n = first & 0x7f; n > 0; n--) {
      length = length * 256 + this.#cursor.u8(`length of ${what}`)
      if (length > 0xffff_ffff) throw this.#error('TRUNCATED', `expected a length of ${what} inside the bytes`, start)
    }
    const shortest = length < 0x80 ? 0 : Math.ceil(Math.log2(length + 1) / 8)
    if ((first & 0x7f) !== shortest)
      throw this.#error('MALFORMED', `expected the length of ${what} in its shortest form`, start)
    return length
  }

  #error(code: FormatCode, message: string, position: number): FormatError {
    return this.#cursor.error(code, message, position)
  }

  #errorAt(code: FormatCode, message: string, { offset }: DerValue): FormatError {
    return new FormatError(FORMAT, code, message, { at: { ...this.#where, offset } })
  }
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

/** `33:E6:34`, as modinfo prints a key. */
export function toColonHex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .toUpperCase()
    .replaceAll(/..(?=.)/g, '$&:')
}
