// Compression of blocks: one-shot, in libuv's threads, stored where it does not pay. The options block:
// mksquashfs, zstd_wrapper.h and gzip_wrapper.h of https://github.com/plougher/squashfs-tools (4.6.1).
import { promisify } from 'node:util'
import { constants, deflate, zstdCompress } from 'node:zlib'
import { roomForFrame } from '../zstd.ts'
import { squashfsError } from './limits.ts'

const deflateAsync = promisify(deflate)
const zstdCompressAsync = promisify(zstdCompress)

export type Compression = 'zstd' | 'gzip'
export type Block = { readonly bytes: Uint8Array; readonly stored: boolean }
export type Compressor = {
  /** Identifier in the superblock. */
  readonly id: number
  /** The options that follow the superblock when the level is not mksquashfs's default. */
  readonly options: Uint8Array | undefined
  readonly compress: (bytes: Uint8Array) => Promise<Block>
}
export type CompressorOptions = {
  readonly compression: Compression
  readonly level?: number | undefined
  readonly stored?: boolean | undefined
}

type Method = {
  readonly id: number
  readonly defaultLevel: number
  /** mksquashfs writes no options at this level. */
  readonly impliedLevel: number
  readonly maxLevel: number
  readonly encodeOptions: (level: number) => Buffer
  readonly compress: (bytes: Uint8Array, level: number) => Promise<Uint8Array>
}

const METHODS: Readonly<Record<Compression, Method>> = {
  zstd: {
    id: 6,
    defaultLevel: 18, // what Talos's imager and its rootfs use
    impliedLevel: 15,
    maxLevel: 22,
    encodeOptions(level) {
      const options = Buffer.alloc(4)
      options.writeInt32LE(level, 0) // 0 s32 compression level
      return options
    },
    // With its size known a frame is a single segment, so that its window never exceeds the block: Linux refuses
    // others.
    compress: (bytes, level) =>
      zstdCompressAsync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: level },
        pledgedSrcSize: bytes.length,
        chunkSize: roomForFrame(bytes.length),
      }),
  },
  gzip: {
    id: 1,
    defaultLevel: 9,
    impliedLevel: 9,
    maxLevel: 9,
    encodeOptions(level) {
      const options = Buffer.alloc(8)
      options.writeUInt32LE(level, 0) // 0 u32 compression level
      options.writeUInt16LE(15, 4) // 4 u16 window bits
      options.writeUInt16LE(0, 6) // 6 u16 strategies: the default alone
      return options
    },
    compress: (bytes, level) => deflateAsync(bytes, { level }),
  },
}

/** FormatError UNSUPPORTED for a level that the compression does not have. */
export function makeCompressor({ compression, level, stored = false }: CompressorOptions): Compressor {
  const method = METHODS[compression]
  const chosen = level ?? method.defaultLevel
  if (!Number.isInteger(chosen) || chosen < 1 || chosen > method.maxLevel)
    throw squashfsError('UNSUPPORTED', `expected ${compression} level 1 … ${method.maxLevel}, got ${chosen}`)
  return {
    id: method.id,
    options: chosen === method.impliedLevel ? undefined : method.encodeOptions(chosen),
    async compress(bytes) {
      if (stored) return { bytes, stored: true }
      const compressed = await method.compress(bytes, chosen)
      return compressed.length < bytes.length ? { bytes: compressed, stored: false } : { bytes, stored: true }
    },
  }
}
