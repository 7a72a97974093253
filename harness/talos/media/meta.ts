// Reads a META partition: two copies of values by tag, each with a digest (siderolabs/talos
// internal/pkg/meta/internal/adv/talos @ v1.12.11). All numbers are big-endian.
import { createHash } from 'node:crypto'
import { Cursor } from '../../bytes/cursor.ts'
import { skipPadding } from '../../bytes/padding.ts'
import type { ByteSource } from '../../bytes/source.ts'

const FORMAT = 'meta'
const COPY_SIZE = 256 << 10
const COPIES = 2
const MAGIC = 0x5a4b3c2d
const END_MAGIC = 0xa5b4c3d2
const DIGEST_SIZE = 32
const DIGEST_OFFSET = COPY_SIZE - DIGEST_SIZE - 4

type MetaCopy = {
  readonly digestHolds: boolean
  /** As hex digits by tag, the last one of a tag; Talos takes the lowest 8 bits of a tag for it. */
  readonly values: ReadonlyMap<number, string>
  /** True if each tag is there once, and nothing is behind the last value. */
  readonly isPlain: boolean
}

export type Meta = {
  /** Of each copy; undefined for one that is zeros: META without values. */
  readonly copies: readonly (MetaCopy | undefined)[]
  /** True if nothing is behind the copies. */
  readonly restIsZero: boolean
}

/** FormatError TRUNCATED, BAD_MAGIC for a copy that begins or ends otherwise, MALFORMED for values beyond its end. */
export async function readMeta(source: ByteSource): Promise<Meta> {
  const copies: (MetaCopy | undefined)[] = []
  for (let index = 0; index < COPIES; index++) copies.push(await readCopy(source, index * COPY_SIZE))
  return { copies, restIsZero: (await skipPadding(source, COPIES * COPY_SIZE)) === source.size }
}

async function readCopy(source: ByteSource, offset: number): Promise<MetaCopy | undefined> {
  const bytes = Buffer.from(await source.read(offset, COPY_SIZE))
  if (bytes.every((byte) => byte === 0)) return undefined
  const cursor = new Cursor(bytes, FORMAT, source.where, offset)
  const end = cursor.seek(COPY_SIZE - 4).u32be('magic')
  const begin = cursor.seek(0).u32be('magic')
  if (begin !== MAGIC || end !== END_MAGIC)
    throw cursor.error('BAD_MAGIC', 'expected 5a4b3c2d … a5b4c3d2 around the values, got other bytes', 0)
  const values = new Map<number, string>()
  let count = 0
  let after = cursor.position
  for (;;) {
    const at = cursor.position
    after = at
    if (at + 8 > DIGEST_OFFSET) break
    const tag = cursor.u32be('tag')
    if (tag === 0) break
    count++
    const size = cursor.u32be('length')
    if (cursor.position + size > DIGEST_OFFSET)
      throw cursor.error('MALFORMED', `expected a value inside the copy, got one of ${size} bytes`, at)
    values.set(tag, Buffer.from(cursor.bytes(size)).toString('hex'))
  }
  const isPlain = count === values.size && bytes.subarray(after, DIGEST_OFFSET).every((byte) => byte === 0)
  const digest = bytes.toString('hex', DIGEST_OFFSET, DIGEST_OFFSET + DIGEST_SIZE)
  bytes.fill(0, DIGEST_OFFSET, DIGEST_OFFSET + DIGEST_SIZE)
  return { digestHolds: createHash('sha256').update(bytes).digest('hex') === digest, values, isPlain }
}
