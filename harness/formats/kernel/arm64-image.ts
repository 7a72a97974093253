// Reads the header of an uncompressed arm64 kernel Image.
// https://docs.kernel.org/arch/arm64/booting.html, "Call the kernel image"
import type { ByteSource } from '../../bytes/source.ts'
import { Cursor } from '../../bytes/cursor.ts'

export type Arm64Image = {
  /** Bytes from a 2 MiB aligned base to where the image must be loaded. */
  readonly textOffset: number
  /** Bytes of memory that the image needs, counted from its start; 0 before Linux 3.17. */
  readonly imageSize: number
  readonly flags: Arm64ImageFlags
  /** Offset of the PE header when the image has an EFI stub. */
  readonly peOffset: number
}

type Arm64ImageFlags = {
  readonly raw: bigint
  readonly bigEndian: boolean
  /** Bytes of a page; undefined when the image does not say. */
  readonly pageSize: 4096 | 16384 | 65536 | undefined
  /** The placement of the image: near the start of memory, or anywhere. */
  readonly placement: 'near-memory-base' | 'anywhere'
}

export const ARM64_IMAGE_MAGIC = 0x644d5241 // "ARM\x64"
export const ARM64_IMAGE_MAGIC_OFFSET = 0x38

const FORMAT = 'arm64 image'
const HEADER_SIZE = 64
const PAGE_SIZES = [undefined, 4096, 16384, 65536] as const

/** The 64 bytes that every arm64 Image starts with. Errors: TRUNCATED, BAD_MAGIC, LIMIT_EXCEEDED (sizes above 2^53). */
export async function readArm64Image(source: ByteSource): Promise<Arm64Image> {
  const bytes = await source.read(0, Math.min(source.size, HEADER_SIZE))
  const cursor = new Cursor(bytes, FORMAT, source.where)
  const magic = cursor.seek(Math.min(bytes.length, ARM64_IMAGE_MAGIC_OFFSET)).u32le('magic')
  if (magic !== ARM64_IMAGE_MAGIC) {
    const got = `0x${magic.toString(16).padStart(8, '0')}`
    throw cursor.error('BAD_MAGIC', `expected 0x644d5241 "ARM\\x64", got ${got}`, ARM64_IMAGE_MAGIC_OFFSET)
  }
  const peOffset = cursor.u32le('PE header offset') // 0x3c res5
  const textOffset = cursor.seek(0x08).count64le('text offset') // 0x08, after two instructions
  const imageSize = cursor.count64le('image size') // 0x10
  const raw = cursor.u64le('flags') // 0x18
  return {
    textOffset,
    imageSize,
    flags: {
      raw,
      bigEndian: (raw & 1n) === 1n, // bit 0
      pageSize: PAGE_SIZES[Number((raw >> 1n) & 3n)], // bits 1-2
      placement: (raw & 8n) === 0n ? 'near-memory-base' : 'anywhere', // bit 3
    },
    peOffset,
  }
}
