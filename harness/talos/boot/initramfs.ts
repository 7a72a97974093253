// Reads the layout of an initramfs as the kernel's unpack_to_rootfs does: NUL padding, cpio archives, compressed
// members. linux v6.12 init/initramfs.c and https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
import {
  COMPRESSION_MAGIC_SIZE,
  type Compression,
  decompress,
  detectCompression,
  measureGzipMember,
} from '../../bytes/compression.ts'
import { identify } from '../../bytes/digest.ts'
import { factOf } from '../../bytes/identity.ts'
import { skipPadding } from '../../bytes/padding.ts'
import { type ByteSource, memberLocation } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { readZstdFrame } from '../../bytes/zstd-frames.ts'
import { FormatError, IntegrityError, type Location } from '../../errors.ts'
import { type CpioAllowance, type CpioEntry, newCpioAllowance, readCpioArchive } from '../../formats/cpio/cpio.ts'
import { lazy } from '../../lazy.ts'
import { FileTree } from '../../fs/file-tree.ts'
import { CPIO_BLOCK_SIZE, type CpioDeviation } from '../../formats/cpio/canonical.ts'

export type SegmentArchive = {
  /** Decompressed bytes, with the padding that follows the trailer inside a compressed member. */
  readonly archiveSize: number
  readonly entries: readonly CpioEntry[]
  readonly tree: FileTree
  /** Differences from GNU cpio's form: one archive, filled up with NUL to 512 bytes. */
  readonly deviations: readonly CpioDeviation[]
}

/** The rest of the allowance that all segments of one initramfs share. */
type Allowance = {
  /** Decoded to find where gzip members end. */
  measuredBytes: number
  unpackedBytes: number
  readonly cpio: CpioAllowance
}

/** Decompressed bytes of all segments: they are unpacked into memory at boot, and Talos runs in 2 GiB of it. */
export const MAX_UNPACKED_SIZE = 2 ** 31

/** Archives in one member: cpio makes one, concatenation a few; each costs at least a read. */
const MAX_ARCHIVES = 64

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
   * The unpacked archives; the first call pays, also for a rejection. FormatError UNSUPPORTED, which names the
   * compression, unless it is none, gzip or zstd; otherwise as of decompress and readCpioArchive; IntegrityError
   * TRAILING_DATA for what is neither archive nor padding inside a member.
   */
  archive(): Promise<SegmentArchive>
}

export type Initramfs = {
  /** The whole file. */
  readonly source: ByteSource
  readonly size: number
  readonly where: ByteSource['where']
  readonly segments: readonly InitramfsSegment[]
  /** NUL bytes before, between and after the segments. */
  readonly padding: readonly Extent[]
  /** The part from the first byte that the kernel refuses to the end; absent where it takes all. */
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
  const layout = { source, size: source.size, where: source.where, segments, padding }
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
    segments.push(await toSegment(source, segments.length, offset, found, spool, allowance))
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

async function toSegment(
  source: ByteSource,
  index: number,
  offset: number,
  { compression, size, archive }: Found,
  spool: Spool,
  allowance: Allowance,
): Promise<InitramfsSegment> {
  const data = await identify(source.slice(offset, size, memberLocation(source.where, `segment ${index}`)), spool.facts)
  return {
    index,
    offset,
    size,
    compression,
    data,
    archive: lazy(async () => archive ?? unpackSegment(data, compression, spool, allowance)),
  }
}

function toSegmentArchive(
  { entries, deviations }: Pick<SegmentArchive, 'entries' | 'deviations'>,
  archiveSize: number,
  where: Location,
): SegmentArchive {
  return { archiveSize, entries, deviations, tree: new FileTree(entries, where) }
}

/**
 * Decodes `data`, one compressed member, through `spool` and reads the archives in it; errors as
 * InitramfsSegment.archive says. linux v6.12 init/initramfs.c, flush_buffer.
 */
export async function unpackSegment(
  data: ByteSource,
  compression: Compression,
  spool: Spool,
  allowance: Allowance,
): Promise<SegmentArchive> {
  const options = { where: data.where, format: 'initramfs', maxBytes: MAX_UNPACKED_SIZE }
  const spent = { bytes: 0, isWhole: false }
  const content = await spool.takeFrom(
    data,
    compression,
    () => spend(decompress(data, compression, options), allowance, spent, data.where),
    options,
  )
  // What was unpacked before counts as if it were unpacked now.
  charge(content.size - spent.bytes, allowance, data.where)
  spent.isWhole = true
  const entries: CpioEntry[] = []
  const deviations: CpioDeviation[] = []
  let at = 0
  for (let count = 1; at < content.size || count === 1; count++) {
    if (count > MAX_ARCHIVES) throw fail(content.where, at, `expected at most ${MAX_ARCHIVES} archives, got more`)
    const archive = await readCpioArchive(content, at, allowance.cpio)
    for (const entry of archive.entries) entries.push(entry)
    deviations.push(...archive.deviations)
    const end = Math.ceil(archive.end / CPIO_BLOCK_SIZE) * CPIO_BLOCK_SIZE
    if (end !== content.size) deviations.push(wrongEnd(archive.end, end, content.size))
    const behind = content.slice(archive.end, content.size - archive.end)
    at = archive.end + (await factOf(behind, 'padding', () => skipPadding(behind, 0)))
    if (at < content.size) await assertArchive(content, at)
  }
  return toSegmentArchive({ entries, deviations }, content.size, content.where)
}

function wrongEnd(offset: number, expected: number, got: number): CpioDeviation {
  return { path: 'TRAILER!!!', offset, what: `end: expected NUL up to ${expected}, got an end at ${got}` }
}

/** Lets pass what the segments of one initramfs may decompress to together. */
async function* spend(
  chunks: AsyncIterable<Uint8Array>,
  allowance: Allowance,
  spent: { bytes: number; readonly isWhole: boolean },
  where: Location,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    if (!spent.isWhole) {
      charge(chunk.length, allowance, where)
      spent.bytes += chunk.length
    }
    yield chunk
  }
}

function charge(bytes: number, allowance: Allowance, where: Location): void {
  allowance.unpackedBytes -= bytes
  if (allowance.unpackedBytes < 0)
    throw fail(where, 0, `expected at most ${MAX_UNPACKED_SIZE} decompressed bytes in all segments, got more`)
}

/** do_reset, flush_buffer: behind an archive and its padding comes another, aligned to 4, or the end. */
async function assertArchive(content: ByteSource, at: number): Promise<void> {
  const [first] = await content.read(at, 1)
  if (first === 0x30 && at % 4 === 0) return
  const got = content.size - at
  throw new IntegrityError('TRAILING_DATA', `initramfs: expected an archive or the end, got ${got} other bytes`, {
    at: { ...content.where, offset: at },
    got,
    want: 0,
    bytesRead: at,
  })
}

function fail(where: Location, offset: number, message: string): FormatError {
  return new FormatError('initramfs', 'LIMIT_EXCEEDED', message, { at: { ...where, offset } })
}
