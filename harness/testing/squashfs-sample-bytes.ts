// Little-endian fields and metadata blocks, of which squashfs samples are made.

export type Place = { readonly block: number; readonly offset: number }
export type Encode = (bytes: Uint8Array) => Uint8Array
export const METADATA_SIZE = 8192

/** Joins little-endian fields: `[value, width]`, or bytes as they are. */
export function fields(...parts: (readonly [number | bigint, number] | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (part instanceof Uint8Array) return part
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(part[0])))
      return bytes.subarray(0, part[1])
    }),
  )
}

/** A copy with the little-endian `value` at `offset`. */
export function patched(bytes: Uint8Array, offset: number, width: number, value: number | bigint): Buffer {
  const out = Buffer.from(bytes)
  fields([value, width]).copy(out, offset)
  return out
}

/** A metadata block with its header, stored unless `encode` is given. */
export function metadataBlock(bytes: Uint8Array, encode: Encode | undefined): Buffer {
  return encode === undefined
    ? fields([bytes.length | 0x8000, 2], bytes)
    : fields([encode(bytes).length, 2], encode(bytes))
}

/** Splits what is appended into metadata blocks, and says where each piece begins. */
export class MetadataWriter {
  readonly #encode: Encode | undefined
  #encoded = Buffer.alloc(0)
  #pending = Buffer.alloc(0)

  constructor(encode: Encode | undefined) {
    this.#encode = encode
  }

  append(bytes: Uint8Array): Place {
    const place = { block: this.#encoded.length, offset: this.#pending.length }
    this.#pending = Buffer.concat([this.#pending, bytes])
    while (this.#pending.length >= METADATA_SIZE) this.#flush()
    return place
  }

  finish(): Buffer {
    if (this.#pending.length > 0) this.#flush()
    return this.#encoded
  }

  #flush(): void {
    this.#encoded = Buffer.concat([
      this.#encoded,
      metadataBlock(this.#pending.subarray(0, METADATA_SIZE), this.#encode),
    ])
    this.#pending = this.#pending.subarray(METADATA_SIZE)
  }
}
