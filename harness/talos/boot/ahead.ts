// Unpacks the segments of an initramfs while it arrives: hashed and decoded in one pass, so that both are done with its last
// byte. Who reads it afterwards finds the content under the digests that were computed here.
import { createHash } from 'node:crypto'
import { COMPRESSION_MAGIC_SIZE, detectCompression, unzstdChunks } from '../../bytes/compression.ts'
import { makeDigest, type Digest } from '../../bytes/digest.ts'
import type { Facts } from '../../bytes/facts.ts'
import { keyOf } from '../../bytes/identity.ts'
import { skipPadding } from '../../bytes/padding.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { streamZstdFrame } from '../../bytes/zstd-frames.ts'
import { MAX_SEGMENTS, MAX_UNPACKED_SIZE } from './initramfs.ts'

export type SegmentAhead = { readonly offset: number; readonly size: number; readonly digest: Digest }

/**
 * Unpacks segments of zstd up to the first that is none; `onSegment` gets each. What is wrong with one ends it with the error of
 * the decoder, which its reader meets again.
 */
export async function unpackAhead(
  source: ByteSource,
  facts: Facts,
  onSegment: (segment: SegmentAhead) => void,
): Promise<void> {
  let allowance = MAX_UNPACKED_SIZE
  let at = await skipPadding(source, 0)
  for (let count = 0; count < MAX_SEGMENTS && at < source.size; count++) {
    const magic = await source.read(at, Math.min(COMPRESSION_MAGIC_SIZE, source.size - at))
    if (detectCompression(magic) !== 'zstd') return
    const { segment, contentSize } = await unpackOne(source, at, facts, allowance)
    onSegment(segment)
    allowance -= contentSize
    at = await skipPadding(source, at + segment.size)
  }
}

async function unpackOne(source: ByteSource, offset: number, facts: Facts, maxBytes: number) {
  const options = { where: source.where, format: 'initramfs', maxBytes }
  const hash = createHash('sha256')
  let size = 0
  async function* hashed(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of streamZstdFrame(source, offset)) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
  }
  const passing = `zstd at ${offset} of what arrives`
  const lease = await facts.lease(passing, () => unzstdChunks(hashed(), options), options)
  const digest = makeDigest('sha256', hash.digest('hex'))
  const key = keyOf({ identity: { facts, root: digest, offset: 0 }, size }, 'zstd')
  if (key !== undefined) await facts.rename(passing, key)
  await lease?.release()
  return { segment: { offset, size, digest }, contentSize: lease?.source.size ?? 0 }
}
