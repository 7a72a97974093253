// Unpacks one compressed member of an initramfs: cpio archives, one after the other, with NUL padding behind each.
// linux v6.12 init/initramfs.c, flush_buffer.
import { decompress, type Compression } from '../../bytes/compression.ts'
import { skipPadding } from '../../bytes/padding.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { FormatError, IntegrityError, type Location } from '../../errors.ts'
import { FileTree } from '../../fs/file-tree.ts'
import { CPIO_BLOCK_SIZE, type CpioDeviation } from '../../formats/cpio/canonical.ts'
import { readCpioArchive, type CpioAllowance, type CpioEntry } from '../../formats/cpio/cpio.ts'

export type SegmentArchive = {
  /** Decompressed bytes, with the padding that follows the trailer inside a compressed member. */
  readonly archiveSize: number
  readonly entries: readonly CpioEntry[]
  readonly tree: FileTree
  /** Where it is not as GNU cpio writes it: one archive, filled up with NUL to 512 bytes. */
  readonly deviations: readonly CpioDeviation[]
}

/** What all segments of one initramfs together may still take. */
export type Allowance = {
  /** Decoded to find where gzip members end. */
  measuredBytes: number
  unpackedBytes: number
  readonly cpio: CpioAllowance
}

/** Decompressed bytes of all segments: they are unpacked into memory at boot, and Talos runs in 2 GiB of it. */
export const MAX_UNPACKED_SIZE = 2 ** 31

/** Archives in one member: cpio makes one, concatenation a few; each costs at least a read. */
const MAX_ARCHIVES = 64

export function toSegmentArchive(
  { entries, deviations }: Pick<SegmentArchive, 'entries' | 'deviations'>,
  archiveSize: number,
  where: Location,
): SegmentArchive {
  return { archiveSize, entries, deviations, tree: new FileTree(entries, where) }
}

/** Decodes `data` through `spool` and reads the archives in it; errors as InitramfsSegment.archive says. */
export async function unpackSegment(
  data: ByteSource,
  compression: Compression,
  spool: Spool,
  allowance: Allowance,
): Promise<SegmentArchive> {
  const options = { where: data.where, format: 'initramfs', maxBytes: MAX_UNPACKED_SIZE }
  const content = await spool.take(spend(decompress(data, compression, options), allowance, data.where), options)
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
    at = await skipPadding(content, archive.end)
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
  where: Location,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    allowance.unpackedBytes -= chunk.length
    if (allowance.unpackedBytes < 0)
      throw fail(where, 0, `expected at most ${MAX_UNPACKED_SIZE} decompressed bytes in all segments, got more`)
    yield chunk
  }
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
