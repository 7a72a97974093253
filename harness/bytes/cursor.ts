// A bounds-checked cursor over bytes in memory: every read past the end is a coded, located error.
import { FormatError, type FormatCode, type Location } from '../errors.ts'

export class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #format: string
  readonly #where: Location
  readonly #base: number
  #position = 0

  /** `base` is the offset of `bytes[0]` in what `where` names, so that errors are absolute. */
  constructor(bytes: Uint8Array, format: string, where: Location = {}, base = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#format = format
    this.#where = where
    this.#base = base
  }

  get position(): number {
    return this.#position
  }

  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  /** A FormatError of this cursor's format, at its position unless `offset` (relative to the bytes) is given. */
  error(code: FormatCode, message: string, offset = this.#position): FormatError {
    return new FormatError(this.#format, code, message, { at: { ...this.#where, offset: this.#base + offset } })
  }

  seek(position: number): this {
    if (!Number.isSafeInteger(position) || position < 0 || position > this.#bytes.length)
      throw this.error(
        'TRUNCATED',
        `expected offset ${position} inside ${this.#bytes.length} bytes`,
        this.#bytes.length,
      )
    this.#position = position
    return this
  }

  skip(length: number): this {
    return this.seek(this.#position + length)
  }

  bytes(length: number, what = 'bytes'): Uint8Array {
    const start = this.#take(length, what)
    return this.#bytes.subarray(start, start + length)
  }

  u8(what = 'byte'): number {
    return this.#view.getUint8(this.#take(1, what))
  }

  u16le(what = 'u16'): number {
    return this.#view.getUint16(this.#take(2, what), true)
  }

  u32le(what = 'u32'): number {
    return this.#view.getUint32(this.#take(4, what), true)
  }

  u16be(what = 'u16'): number {
    return this.#view.getUint16(this.#take(2, what), false)
  }

  u32be(what = 'u32'): number {
    return this.#view.getUint32(this.#take(4, what), false)
  }

  i32le(what = 'i32'): number {
    return this.#view.getInt32(this.#take(4, what), true)
  }

  u64be(what = 'u64'): bigint {
    return this.#view.getBigUint64(this.#take(8, what), false)
  }

  u64le(what = 'u64'): bigint {
    return this.#view.getBigUint64(this.#take(8, what), true)
  }

  /** A u64 that counts bytes or things: LIMIT_EXCEEDED above `max` (2^53−1). */
  count64le(what: string, max = Number.MAX_SAFE_INTEGER): number {
    const at = this.#position
    const value = this.u64le(what)
    if (value > BigInt(max)) throw this.error('LIMIT_EXCEEDED', `expected ${what} of at most ${max}, got ${value}`, at)
    return Number(value)
  }

  #take(length: number, what: string): number {
    if (!Number.isSafeInteger(length) || length < 0 || length > this.remaining)
      throw this.error('TRUNCATED', `expected ${length} bytes of ${what}, got ${this.remaining}`)
    const start = this.#position
    this.#position += length
    return start
  }
}
