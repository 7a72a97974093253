// Each writer gives the same bytes as a stream and at once, however the content is cut.
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { chunksOf, inPieces, type Content } from './content.ts'
import { cpioChunks, encodeCpio } from './cpio.ts'
import { gzipStored } from './gzip-stored.ts'
import { composePe, streamPe } from './pe-sections.ts'
import { encodeTar, tarChunks } from './tar-layer.ts'
import { compressZstd, zstdChunks } from './zstd.ts'

const big = Buffer.from(Array.from({ length: 400_000 }, (_, n) => (n * n) >> 7))

/** More than one piece of what zstd is fed. */
const large = Buffer.concat([big, big.toReversed(), big.subarray(77), big, big.subarray(5)])

/** `bytes` in pieces of `size`. */
function cut(bytes: Uint8Array, size: number): Content {
  return {
    size: bytes.length,
    async *stream() {
      for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
    },
  }
}

const collect = (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => buffer(chunks)
const owner = { uid: 0, gid: 0, mtime: 5 }

describe.each([1000, 65_535, 400_000])('in pieces of %i bytes', (size) => {
  it('cpio', async () => {
    const rest = [
      { path: 'b', mode: 0o120777, ...owner, target: 'a' },
      { path: 'c', mode: 0o040755, ...owner },
    ]
    const a = { path: 'a', mode: 0o100644, ...owner }
    const whole = encodeCpio([{ ...a, data: big }, ...rest])
    expect((await collect(cpioChunks([{ ...a, data: cut(big, size) }, ...rest]))).equals(whole)).toBe(true)
  })

  it('tar', async () => {
    const file = { name: `${'x'.repeat(120)}/y`, type: 'file', mode: 0o644, ...owner } as const
    const folder = { name: 'z/', type: 'directory', mode: 0o755, ...owner } as const
    const whole = encodeTar([{ ...file, data: big }, folder])
    expect((await collect(tarChunks([{ ...file, data: cut(big, size) }, folder]))).equals(whole)).toBe(true)
  })

  it('zstd', async () => {
    const frame = await collect(zstdChunks(chunksOf(cut(large, size)), 3))
    expect(frame.equals(await collect(zstdChunks(chunksOf(large), 3)))).toBe(true)
    expect(zstdDecompressSync(frame).equals(large)).toBe(true)
    expect((await collect(zstdChunks(chunksOf(cut(big, size)), 3))).equals(await compressZstd(big, 3))).toBe(true)
  })

  it('PE', async () => {
    const stub = sampleStub()
    const whole = composePe(stub, [{ name: '.linux', data: big }])
    const streamed = streamPe(stub, [{ name: '.linux', data: cut(big, size) }])
    expect(streamed.size).toBe(whole.length)
    expect((await collect(streamed.stream())).equals(whole)).toBe(true)
  })

  it('gzip', async () => {
    const stored = await collect(gzipStored(chunksOf(cut(big, size))))
    expect(stored.equals(await collect(gzipStored(chunksOf(big))))).toBe(true)
    expect(gunzipSync(stored).equals(big)).toBe(true)
  })
})

it('stores blocks of at most 65535 bytes, and an empty one at the end', async () => {
  const stored = await collect(gzipStored(chunksOf(Buffer.alloc(65_536, 7))))
  expect(stored.subarray(0, 15).toString('hex')).toBe('1f8b08000000000000ff00ffff0000')
  expect(stored.subarray(15 + 65_535, 15 + 65_535 + 6).toString('hex')).toBe('000100feff07')
  expect(stored.subarray(15 + 65_535 + 6, -8).toString('hex')).toBe('010000ffff')
  const empty = await collect(gzipStored(chunksOf(Buffer.alloc(0))))
  expect(gunzipSync(empty)).toHaveLength(0)
})

it('refuses a stream that is not of its size', async () => {
  const wrongSize: Content = { size: 5, stream: (cut(big, 10) as Exclude<Content, Uint8Array>).stream }
  await expect(collect(chunksOf(wrongSize))).rejects.toThrow('expected a stream of 5 bytes, got 400000')
})

it('passes on the error of what it compresses', async () => {
  const broken = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield await Promise.resolve(big)
    throw new Error('gone')
  }
  await expect(collect(zstdChunks(broken()))).rejects.toThrow('gone')
})

it.each([999, 1000, 4096])(
  'cuts what comes in memory of the producer into pieces of %i bytes in one memory',
  async (size) => {
    const whole = big.subarray(0, 50_000)
    const memory = Buffer.alloc(1000)
    const reused: Content = {
      size: whole.length,
      async *stream(_start, _end, given = memory) {
        for (let at = 0; at < whole.length; at += 1000) {
          given.set(whole.subarray(at, at + 1000))
          yield await Promise.resolve(given.subarray(0, 1000))
        }
      },
    }
    const pieces: Buffer[] = []
    const own = Buffer.alloc(size)
    for await (const piece of inPieces(chunksOf(reused, Buffer.alloc(1000)), size, own)) pieces.push(Buffer.from(piece))
    expect(Buffer.concat(pieces).equals(whole)).toBe(true)
    expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true)
  },
)

/** PE32+ with one section of 16 bytes. */
function sampleStub(): Buffer {
  const stub = Buffer.alloc(0x600)
  stub.write('MZ', 0, 'latin1')
  stub.writeUInt32LE(0x40, 0x3c)
  stub.write('PE\0\0', 0x40, 'latin1')
  stub.writeUInt16LE(1, 0x46)
  stub.writeUInt16LE(240, 0x54)
  stub.writeUInt16LE(0x20b, 0x58)
  stub.writeUInt32LE(0x1000, 0x58 + 32)
  stub.writeUInt32LE(0x200, 0x58 + 36)
  for (const [at, value] of [0x10, 0x1000, 0x200, 0x400].entries()) stub.writeUInt32LE(value, 0x148 + 8 + at * 4)
  return stub
}
