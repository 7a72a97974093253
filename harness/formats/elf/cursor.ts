// Reads the fields of ELF structures, whose width and byte order the first bytes of the file decide.
import { Cursor } from '../../bytes/cursor.ts'
import type { Location } from '../../errors.ts'

export type ElfIdent = { readonly class: 32 | 64; readonly endian: 'little' | 'big' }

export class ElfCursor {
  readonly #cursor: Cursor
  readonly #wide: boolean
  readonly #little: boolean

  /** Options are those of Cursor: `base` is the offset of `bytes[0]` in the file. */
  constructor(bytes: Uint8Array, ident: ElfIdent, where: Location, base = 0) {
    this.#cursor = new Cursor(bytes, 'elf', where, base)
    this.#wide = ident.class === 64
    this.#little = ident.endian === 'little'
  }

  seek(position: number): this {
    this.#cursor.seek(position)
    return this
  }

  u16(what: string): number {
    return this.#little ? this.#cursor.u16le(what) : this.#cursor.u16be(what)
  }

  u32(what: string): number {
    return this.#little ? this.#cursor.u32le(what) : this.#cursor.u32be(what)
  }

  /** Elf32_Addr or Elf64_Addr, and every other field of that width. */
  address(what: string): bigint {
    if (!this.#wide) return BigInt(this.u32(what))
    return this.#little ? this.#cursor.u64le(what) : this.#cursor.u64be(what)
  }

  /** The same where it counts bytes of the file: LIMIT_EXCEEDED above 2^53−1. */
  offset(what: string): number {
    const at = this.#cursor.position
    const value = this.address(what)
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
    throw this.#cursor.error('LIMIT_EXCEEDED', `expected ${what} below 2^53, got ${value}`, at)
  }
}
