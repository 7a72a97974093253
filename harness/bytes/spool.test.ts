import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { readAll } from './source.ts'
import { MEMORY_LIMIT, Spool } from './spool.ts'

const root = await mkdtemp(join(tmpdir(), 'spool-'))
afterAll(() => rm(root, { recursive: true }))

const options = { where: { path: 'sample' }, maxBytes: 4 * MEMORY_LIMIT, format: 'sample' }
const PIECE = 64 << 10

/** `size` bytes in pieces of one buffer that is filled anew each time, as decompressors do. */
async function* pieces(size: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE)
  for (let at = 0; at < size; at += PIECE) {
    piece.fill(1 + ((at / PIECE) % 250))
    yield piece.subarray(0, Math.min(PIECE, size - at))
  }
}

const expected = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, at) => 1 + (Math.floor(at / PIECE) % 250))

async function withSpool<T>(name: string, use: (spool: Spool, folder: string) => Promise<T>): Promise<T> {
  const folder = join(root, name)
  const spool = new Spool(folder)
  try {
    return await use(spool, folder)
  } finally {
    await spool.close()
  }
}

describe('Spool', () => {
  it.each([
    ['nothing', 0, false],
    ['little', 3 * PIECE + 5, false],
    ['as much as stays in memory', MEMORY_LIMIT, false],
    ['one byte more', MEMORY_LIMIT + 1, true],
    ['much', 3 * MEMORY_LIMIT + 7, true],
  ] as const)('keeps %s', async (name, size, inFile) => {
    await withSpool(name, async (spool, folder) => {
      const source = await spool.take(pieces(size), options)
      expect([source.size, source.where]).toEqual([size, options.where])
      expect(Buffer.compare(await readAll(source, size), expected(size))).toBe(0)
      // The folder is made for the first file only, and no name stays in it.
      expect(await readdir(folder).catch((error: NodeJS.ErrnoException) => error.code)).toEqual(inFile ? [] : 'ENOENT')
    })
  })

  it('goes to a file with the first piece when that is big', async () => {
    await withSpool('big', async (spool) => {
      const big = Buffer.alloc(MEMORY_LIMIT + 1, 7)
      const source = await spool.take(one(big), options)
      expect(Buffer.compare(await readAll(source, big.length), big)).toBe(0)
    })
  })

  it('lets no other user into its folder', async () => {
    await withSpool('private', async (spool, folder) => {
      await spool.take(pieces(MEMORY_LIMIT + 1), options)
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    })
  })

  it('takes the greatest size, and stops at the first byte beyond it', async () => {
    await withSpool('limit', async (spool) => {
      expect((await spool.take(pieces(2 * PIECE), { ...options, maxBytes: 2 * PIECE })).size).toBe(2 * PIECE)
      let asked = 0
      const endless = async function* (): AsyncGenerator<Uint8Array> {
        for (;;) {
          asked += 1
          yield new Uint8Array(PIECE)
        }
      }
      const error = await expectCode(
        () => spool.take(endless(), { ...options, maxBytes: 2 * PIECE }),
        FormatError,
        'LIMIT_EXCEEDED',
      )
      expect([error.at, asked]).toEqual([{ path: 'sample', offset: 2 * PIECE }, 3])
    })
  })

  it('leaves nothing behind when the producer fails', async () => {
    await withSpool('failing', async (spool, folder) => {
      await expectCode(() => spool.take(failing(), options), FormatError, 'MALFORMED')
      expect(await readdir(folder)).toEqual([])
    })
  })

  it('closes its files once', async () => {
    const spool = new Spool(join(root, 'closed'))
    const source = await spool.take(pieces(MEMORY_LIMIT + 1), options)
    await spool.close()
    await spool.close()
    await expect(source.read(0, 1)).rejects.toThrow(/closed|EBADF/)
  })
})

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield* pieces(2 * MEMORY_LIMIT)
  throw new FormatError('gzip', 'MALFORMED', 'expected a checksum')
}
