import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { zstdApart } from './zstd-apart.ts'
import { zstdChunks } from './zstd.ts'

/** Pieces of an odd size, together more than two of those that zstd is fed. */
const pieces = Array.from({ length: 9 }, (_, n) => Buffer.alloc(300_001, `${n} early boot`))

async function* stream(of: readonly Uint8Array[] = pieces): AsyncGenerator<Uint8Array, void, void> {
  // The producer's memory is one, as that of a file's stream may be.
  const memory = Buffer.alloc(300_001)
  for (const piece of of) {
    memory.set(piece)
    yield await Promise.resolve(memory.subarray(0, piece.length))
  }
}

const level = 3

afterEach(() => vi.unstubAllEnvs())

describe('a frame made in a process of its own', () => {
  it.each([1, 1 << 20, 2 << 20])(
    'has the bytes of one made here, with the first %i bytes read before',
    async (size) => {
      const frame = await buffer(zstdApart(stream(), { level, leastApart: size }))
      expect(frame.equals(await buffer(zstdChunks(stream(), level)))).toBe(true)
      expect(zstdDecompressSync(frame).equals(Buffer.concat(pieces))).toBe(true)
    },
  )

  it('has other bytes by another level', async () => {
    const frame = await buffer(zstdApart(stream(), { level: 1, leastApart: 1 }))
    expect(frame.equals(await buffer(zstdChunks(stream(), level)))).toBe(false)
  })

  it('fails as its input fails, which ends the process', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array, void, void> {
      yield* stream()
      throw new Error('gone')
    }
    await expect(buffer(zstdApart(broken(), { level, leastApart: 1 }))).rejects.toThrow('gone')
    await expect(buffer(zstdApart(broken(), { level }))).rejects.toThrow('gone')
  })

  it('fails with what the process said', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-such-option')
    await expect(buffer(zstdApart(stream(), { level, leastApart: 1 }))).rejects.toThrow(
      /^the process that compresses failed: exit status 9\n.*--no-such-option/,
    )
  })

  it('ends its input where nobody reads on', async () => {
    let isEnded = false
    const endless = async function* (): AsyncGenerator<Uint8Array, void, void> {
      try {
        for (;;) yield* stream()
      } finally {
        isEnded = true
      }
    }
    for await (const chunk of zstdApart(endless(), { level, leastApart: 1 })) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(isEnded).toBe(true)
  })
})

it('makes little here', async () => {
  expect(await buffer(zstdApart(stream([]), { level }))).toEqual(await buffer(zstdChunks(stream([]), level)))
})
