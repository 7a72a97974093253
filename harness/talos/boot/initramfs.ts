// Reads the layout of an initramfs as the kernel's unpack_to_rootfs does: NUL padding, cpio archives, compressed members.
// linux v6.12 init/initramfs.c and https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
import {
  COMPRESSION_MAGIC_SIZE,
  detectCompression,
  measureGzipMember,
  type Compression,
} from '../../bytes/compression.ts'
import { skipPadding } from '../../bytes/padding.ts'
import { memberLocation, type ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { readZstdFrame } from '../../bytes/zstd-frames.ts'
import { FormatError } from '../../errors.ts'
import { newCpioAllowance, readCpioArchive } from '../../formats/cpio/cpio.ts'
import { lazy } from '../../lazy.ts'
import {
  MAX_UNPACKED_SIZE,
  toSegmentArchive,
  unpackSegment,
  type Allowance,
  type SegmentArchive,
} from './initramfs-segment.ts'

export type { SegmentArchive } from './initramfs-segment.ts'

type Extent = { readonly offset: number; readonly size: number }

export type InitramfsSegment = {
  readonly index: number
  readonly offset: number
  /** Bytes in the file, without padding around them. */
  readonly size: number
  /** 'none' is an archive stored as it is. */
  readonly compression: Compression
  /** The stored bytes. */
  readonly data: ByteSource
  /**
   * What is unpacked; the first call pays, also for a rejection. FormatError UNSUPPORTED, which names the compression,
   * unless it is none, gzip or zstd; otherwise as of decompress and readCpioArchive; IntegrityError TRAILING_DATA for
   * what is neither archive nor padding inside a member.
   */
  archive(): Promise<SegmentArchive>
}

export type Initramfs = {
  readonly size: number
  readonly where: ByteSource['where']
  readonly segments: readonly InitramfsSegment[]
  /** NUL bytes before, between and after the segments. */
  readonly padding: readonly Extent[]
  /** From the first byte that the kernel refuses to the end; absent where it takes all. */
  readonly trailing?: Extent
}

/** Segments: an image has a handful, each one may cost a decoder. */
export const MAX_SEGMENTS = 64
type Found = { readonly compression: Compression; readonly size: number; readonly archive?: SegmentArchive }

/**
 * The layout of `source`; compressed members are decoded by their archive() through `spool`. One zstd frame is one
 * member, as for the kernel; a member that is not decoded (xz, lzma, bzip2, lz4, lzo) reaches to the end of the file.
 * FormatError as of readZstdFrame, measureGzipMember and readCpioArchive where a segment begins but breaks its format;
 * LIMIT_EXCEEDED above MAX_SEGMENTS. What begins no segment is `trailing`, no error.
 */
export async function readInitramfs(source: ByteSource, spool: Spool): Promise<Initramfs> {
  const allowance: Allowance = {
    measuredBytes: MAX_UNPACKED_SIZE,
    unpackedBytes: MAX_UNPACKED_SIZE,
    cpio: newCpioAllowance(),
  }
  const segments: InitramfsSegment[] = []
  const padding: Extent[] = []
  const layout = { size: source.size, where: source.where, segments, padding }
  for (let at = 0; at < source.size;) {
    const offset = await skipPadding(source, at)
    if (offset > at) padding.push({ offset: at, size: offset - at })
    if (offset === source.size) break
    const found = await findSegment(source, offset, segments.at(-1)?.compression, allowance)
    if (found === undefined) return { ...layout, trailing: { offset, size: source.size - offset } }
    if (segments.length === MAX_SEGMENTS)
      throw new FormatError('initramfs', 'LIMIT_EXCEEDED', `expected at most ${MAX_SEGMENTS} segments, got more`, {
        at: { ...source.where, offset },
      })
    segments.push(toSegment(source, segments.length, offset, found, spool, allowance))
    at = offset + found.size
  }
  return layout
}

/** The segment that begins at `offset`, where no NUL is; undefined where the kernel finds junk. */
async function findSegment(
  source: ByteSource,
  offset: number,
  previous: Compression | undefined,
  allowance: Allowance,
): Promise<Found | undefined> {
  // do_reset: after an archive that is stored as it is, all that follows is aligned to 4 ("broken padding").
  const aligned = offset % 4 === 0
  if (!aligned && previous === 'none') return undefined
  const rest = source.size - offset
  const magic = await source.read(offset, Math.min(COMPRESSION_MAGIC_SIZE, rest))
  const compression = detectCompression(magic)
  if (compression === 'zstd') return { compression, size: (await readZstdFrame(source, offset)).size }
  if (compression === 'gzip') {
    const options = { where: source.where, format: 'initramfs', maxBytes: allowance.measuredBytes }
    const { size, contentSize } = await measureGzipMember(source, offset, options)
    allowance.measuredBytes -= contentSize
    return { compression, size }
  }
  if (compression !== 'none') return { compression, size: rest }
  // Every text format of cpio begins with 07070; the kernel takes one only where it is aligned.
  if (!aligned || !Buffer.from(magic).toString('latin1').startsWith('07070')) return undefined
  const archive = await readCpioArchive(source, offset, allowance.cpio)
  const size = archive.end - offset
  return { compression, size, archive: toSegmentArchive(archive, size, source.where) }
}

function toSegment(
  source: ByteSource,
  index: number,
  offset: number,
  { compression, size, archive }: Found,
  spool: Spool,
  allowance: Allowance,
): InitramfsSegment {
  const data = source.slice(offset, size, memberLocation(source.where, `segment ${index}`))
  return {
    index,
    offset,
    size,
    compression,
    data,
    archive: lazy(async () => archive ?? unpackSegment(data, compression, spool, allowance)),
  }
}
