import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import {
  bytesSource,
  CHUNK_SIZE,
  chunkMemory,
  fileSource,
  freeChunk,
  memberLocation,
  readAll,
  type ByteSource,
} from './source.ts'

const folder = await mkdtemp(join(tmpdir(), 'source-'))
afterAll(() => rm(folder, { recursive: true }))

const where = { path: 'sample' }
/** Three chunks, the last one short; every byte follows from its place. */
const BYTES = Uint8Array.from({ length: 2 * CHUNK_SIZE + 3 }, (_, at) => at % 251)

async function withFile<T>(bytes: Uint8Array, use: (source: ByteSource, path: string) => Promise<T>): Promise<T> {
  const path = join(folder, 'file')
  await writeFile(path, bytes)
  const file = await open(path)
  try {
    return await use(fileSource(file, bytes.length, where), path)
  } finally {
    await file.close()
  }
}

describe.each([
  ['bytesSource', <T>(use: (source: ByteSource) => Promise<T>): Promise<T> => use(bytesSource(BYTES, where))],
  ['fileSource', <T>(use: (source: ByteSource) => Promise<T>): Promise<T> => withFile(BYTES, use)],
] as const)('%s', (_, withSource) => {
  it('reads exactly what is asked for', async () => {
    await withSource(async (source) => {
      expect([source.size, source.where]).toEqual([BYTES.length, where])
      expect(Buffer.compare(await source.read(CHUNK_SIZE, 5), BYTES.subarray(CHUNK_SIZE, CHUNK_SIZE + 5))).toBe(0)
      expect(await source.read(BYTES.length, 0)).toHaveLength(0)
    })
  })

  it('streams in chunks, from the start to the end that are given', async () => {
    await withSource(async (source) => {
      expect((await chunksOf(source.stream())).map(({ length }) => length)).toEqual([CHUNK_SIZE, CHUNK_SIZE, 3])
      const part = Buffer.concat(await chunksOf(source.stream(10, CHUNK_SIZE + 20)))
      expect(Buffer.compare(part, BYTES.subarray(10, CHUNK_SIZE + 20))).toBe(0)
      expect(await chunksOf(source.stream(7, 7))).toEqual([])
    })
  })

  it('streams the same bytes through memory of one chunk', async () => {
    await withSource(async (source) => {
      const memory = chunkMemory(source)
      const copies: Uint8Array[] = []
      for await (const chunk of source.stream(1, source.size, memory)) copies.push(Uint8Array.from(chunk))
      expect(memory).toHaveLength(CHUNK_SIZE)
      expect(Buffer.compare(Buffer.concat(copies), BYTES.subarray(1))).toBe(0)
    })
  })

  it('slices slices, under the name that is given', async () => {
    await withSource(async (source) => {
      const inner = source.slice(100, 50, { path: 'outer' }).slice(10, 5)
      expect([inner.size, inner.where]).toEqual([5, { path: 'outer' }])
      expect([...(await inner.read(1, 2))]).toEqual([111, 112])
      expect(Buffer.concat(await chunksOf(inner.stream()))).toHaveLength(5)
    })
  })

  it.each([
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, Number.NaN],
    [BYTES.length, 1],
    [BYTES.length + 1, 0],
    [1, BYTES.length],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('answers TRUNCATED for %d and %d bytes', async (offset, length) => {
    await withSource(async (source) => {
      const error = await expectCode(() => source.read(offset, length), FormatError, 'TRUNCATED')
      expect(error.at).toEqual({ path: 'sample', offset: Math.max(0, Math.min(offset, BYTES.length)) })
      await expectCode(() => source.slice(offset, length), FormatError, 'TRUNCATED')
      await expectCode(() => chunksOf(source.stream(offset, offset + length)), FormatError, 'TRUNCATED')
    })
  })

  it('reads no byte beside a slice', async () => {
    await withSource(async (source) => {
      const error = await expectCode(() => source.slice(10, 5).read(4, 2), FormatError, 'TRUNCATED')
      expect(error.message).toBe('bytes: expected 2 bytes at offset 4, got a size of 5')
    })
  })
})

describe('fileSource', () => {
  it('answers TRUNCATED when the file is cut short while it is read', async () => {
    await withFile(BYTES, async (source, path) => {
      await truncate(path, 100)
      const error = await expectCode(() => source.read(90, 20), FormatError, 'TRUNCATED')
      expect(error.at).toEqual({ path: 'sample', offset: 100 })
    })
  })
})

describe('readAll', () => {
  it('reads a source of the greatest size, and nothing beyond', async () => {
    expect(await readAll(bytesSource(BYTES.subarray(0, 8)), 8)).toEqual(BYTES.subarray(0, 8))
    const error = await expectCode(() => readAll(bytesSource(BYTES, where), 8), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual(where)
  })
})

describe('memberLocation', () => {
  it('names members of members, in the blob that holds them', () => {
    const digest = `sha256:${'0'.repeat(64)}`
    expect(memberLocation(memberLocation({ digest, offset: 3 }, 'vmlinuz.efi'), '.initrd')).toEqual({
      digest,
      path: 'vmlinuz.efi!.initrd',
    })
    expect(memberLocation({}, 'init')).toEqual({ path: 'init' })
  })
})

async function chunksOf(stream: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

describe('freeChunk', () => {
  it('gives back what ends its buffer, and never the pool of small ones', () => {
    const big = Buffer.allocUnsafeSlow(1 << 20)
    freeChunk(big.subarray(0, 1 << 19))
    expect(big).toHaveLength(1 << 20)
    freeChunk(big.subarray(1 << 19))
    expect(big).toHaveLength(0)
    const pooled = Buffer.from('pooled')
    freeChunk(new Uint8Array(pooled.buffer))
    expect(pooled.toString()).toBe('pooled')
  })
})
