// Reads an EFI zboot kernel: an EFI application that decompresses the kernel image it carries.
// linux: drivers/firmware/efi/libstub/{zboot-header.S,zboot.lds,Makefile.zboot}
import { decompress } from '../../bytes/compression.ts'
import { Cursor } from '../../bytes/cursor.ts'
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { IntegrityError } from '../../errors.ts'
import { ARM64_IMAGE_MAGIC, ARM64_IMAGE_MAGIC_OFFSET } from './arm64-image.ts'
import { readPe } from '../uki/pe.ts'

export type Zboot = {
  readonly payloadOffset: number
  /** Bytes of the payload without the trailing size, where there is one. */
  readonly payloadSize: number
  /** The name in the header: `gzip`, `zstd`, `zstd22` (Linux up to 6.12.10), or one that is not decompressed here. */
  readonly compression: string
  /** Bytes of the image, as the file says; the stub allocates this much. */
  readonly uncompressedSize: number
  /** LINUX_PE_MAGIC in a kernel. */
  readonly linuxPeMagic: number
  readonly peMachine: number
  readonly peMagic: number
  readonly subsystem: number
  readonly payload: ByteSource
  /**
   * The kernel image, decompressed into `spool` at each call. Errors: UNSUPPORTED (compression), LIMIT_EXCEEDED (longer
   * than it says, or than MAX_IMAGE_SIZE), SIZE_MISMATCH (shorter), those of the decompressor.
   */
  image(spool: Spool): Promise<ByteSource>
}

export const LINUX_PE_MAGIC = 0x818223cd
/** Talos' arm64 kernels have some 60 MiB; one of half a GiB would not fit beside its initramfs on small machines. */
export const MAX_IMAGE_SIZE = 512 << 20

const FORMAT = 'zboot'
const HEADER_SIZE = 0x40
const COMPRESSION_OFFSET = 0x18
const COMPRESSION_FIELD_SIZE = 0x20
const COMPRESSIONS: Readonly<Record<string, 'gzip' | 'zstd'>> = { gzip: 'gzip', zstd: 'zstd', zstd22: 'zstd' }
/** A gzip payload ends with its own size (RFC 1952 ISIZE); behind another the build appends one. */
const TRAILER_SIZE = 4
const MIN_GZIP_SIZE = 18

/** Errors: BAD_MAGIC (naming other kernels), TRUNCATED, MALFORMED (no compression name), and those of readPe. */
export async function readZboot(source: ByteSource): Promise<Zboot> {
  const head = await source.read(0, Math.min(source.size, HEADER_SIZE))
  const cursor = new Cursor(head, FORMAT, source.where)
  if (latin1(head.subarray(0, 2)) !== 'MZ' || latin1(head.subarray(4, 8)) !== 'zimg')
    throw cursor.error('BAD_MAGIC', `expected an EFI zboot image (zimg), got ${await describeOther(source)}`, 0)
  const payloadOffset = cursor.seek(8).u32le('payload offset') // 0x08
  const payloadSize = cursor.u32le('payload size') // 0x0c
  const name = cursor.skip(8).bytes(COMPRESSION_FIELD_SIZE, 'compression') // 0x18, after two reserved words
  const nameEnd = name.indexOf(0)
  if (nameEnd < 1)
    throw cursor.error('MALFORMED', 'expected a NUL-terminated compression name, got none', COMPRESSION_OFFSET)
  const compression = latin1(name.subarray(0, nameEnd))
  const linuxPeMagic = cursor.u32le('Linux PE magic') // 0x38, in place of old DOS fields
  const pe = await readPe(source)
  const kind = Object.hasOwn(COMPRESSIONS, compression) ? COMPRESSIONS[compression] : undefined

  const trailerOffset = payloadOffset + payloadSize - (kind === 'gzip' ? TRAILER_SIZE : 0)
  if (trailerOffset + TRAILER_SIZE > source.size || (kind === 'gzip' && payloadSize < MIN_GZIP_SIZE))
    throw cursor.error(
      'TRUNCATED',
      `expected a ${compression} payload of ${payloadSize} bytes at ${payloadOffset}, got a file of ${source.size}`,
      Math.min(payloadOffset, source.size),
    )
  const trailer = new Cursor(await source.read(trailerOffset, TRAILER_SIZE), FORMAT, source.where, trailerOffset)
  const uncompressedSize = trailer.u32le('uncompressed size')
  const payload = source.slice(payloadOffset, payloadSize, memberLocation(source.where, 'payload'))
  const where = memberLocation(source.where, 'Image')

  return {
    payloadOffset,
    payloadSize,
    compression,
    uncompressedSize,
    linuxPeMagic,
    peMachine: pe.machine,
    peMagic: pe.magic,
    subsystem: pe.subsystem,
    payload,
    async image(spool) {
      if (kind === undefined)
        throw cursor.error(
          'UNSUPPORTED',
          `expected gzip or zstd, got ${JSON.stringify(compression)}`,
          COMPRESSION_OFFSET,
        )
      if (uncompressedSize > MAX_IMAGE_SIZE)
        throw trailer.error('LIMIT_EXCEEDED', `expected at most ${MAX_IMAGE_SIZE} bytes, got ${uncompressedSize}`, 0)
      const limits = { format: FORMAT, maxBytes: uncompressedSize }
      const image = await spool.takeFrom(payload, kind, () => decompress(payload, kind, limits), { ...limits, where })
      if (image.size !== uncompressedSize)
        throw new IntegrityError(
          'SIZE_MISMATCH',
          `${FORMAT}: expected an image of ${uncompressedSize} bytes, got ${image.size}`,
          { at: where, got: image.size, want: uncompressedSize, bytesRead: image.size },
        )
      return image
    },
  }
}

/** The kind of a file that is not zboot, for the error's message. */
async function describeOther(source: ByteSource): Promise<string> {
  const head = await source.read(0, Math.min(source.size, 0x206))
  const text = latin1(head)
  if (text.startsWith('HdrS', 0x202)) return 'an x86 bzImage' // boot protocol header
  if (head.length >= HEADER_SIZE && Buffer.from(head).readUInt32LE(ARM64_IMAGE_MAGIC_OFFSET) === ARM64_IMAGE_MAGIC)
    return 'an uncompressed arm64 Image'
  if (text.startsWith('\x7fELF')) return 'an ELF file'
  if (text.startsWith('\x1f\x8b')) return 'a gzip stream'
  if (text.startsWith('\x28\xb5\x2f\xfd')) return 'a zstd stream'
  if (text.startsWith('MZ')) return 'another PE image'
  return head.length === 0
    ? 'an empty file'
    : `a file that starts with ${Buffer.from(head.subarray(0, 8)).toString('hex')}`
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
