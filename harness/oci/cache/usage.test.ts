import { mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, encodedPart } from '../../bytes/digest.ts'
import { openCache, type Cache } from './cache.ts'
import { measureCache, pruneCache } from './usage.ts'

const folder = await mkdtemp(join(tmpdir(), 'cache-usage-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0
const newCache = (): Promise<Cache> => openCache(join(folder, `c${caches++}`))

const BYTES = Buffer.from('some bytes')

async function put(cache: Cache, bytes: Uint8Array = BYTES): Promise<void> {
  const incoming = await cache.begin()
  await incoming.write(bytes)
  await cache.keep(incoming, 'blobs', digestOf(bytes))
  await incoming.close()
}

describe('measureCache and pruneCache', () => {
  it('removes what was used longest ago', async () => {
    const cache = await newCache()
    const contents = ['a', 'b', 'c'].map((letter) => Buffer.alloc(1000, letter))
    for (const bytes of contents) await put(cache, bytes)
    for (const [at, bytes] of contents.entries()) {
      const record = join(cache.root, `records/blobs/sha256/${encodedPart(digestOf(bytes))}.json`)
      await utimes(record, 1000 + at, 1000 + at)
    }
    // Used now, so the oldest no more.
    await (await cache.find('blobs', digestOf(contents[0] ?? BYTES), {}))?.close()
    expect((await measureCache(cache.root)).find(({ area }) => area === 'blobs')).toEqual({
      area: 'blobs',
      files: 3,
      bytes: 3000,
    })
    expect(await pruneCache(cache.root, 1500)).toEqual({ files: 2, bytes: 2000, left: 1000 })
    const left = await Promise.all(contents.map((bytes) => find2(cache, bytes)))
    expect(left).toEqual([true, false, false])
    expect(await pruneCache(cache.root, 0)).toMatchObject({ files: 1, left: 0 })
  })

  const find2 = async (cache: Cache, bytes: Uint8Array): Promise<boolean> => {
    const found = await cache.find('blobs', digestOf(bytes), {})
    await found?.close()
    return found !== undefined
  }

  it('removes nothing but content by its own names', async () => {
    const cache = await newCache()
    await put(cache)
    const kept = ['blobs/sha256/notes.txt', `blobs/sha256/${'0'.repeat(63)}`, 'blobs/file']
    for (const name of kept) await writeFile(join(cache.root, name), 'x')
    await symlink(join(folder, 'elsewhere'), join(cache.root, 'blobs/sha256', 'f'.repeat(64)))
    expect(await pruneCache(cache.root, 0)).toMatchObject({ files: 1 })
    expect((await readdir(join(cache.root, 'blobs/sha256'))).toSorted()).toEqual(
      ['notes.txt', '0'.repeat(63), 'f'.repeat(64)].toSorted(),
    )
  })

  it('finds nothing where there is no cache', async () => {
    expect((await measureCache(join(folder, 'none'))).every(({ files }) => files === 0)).toBe(true)
    expect(await pruneCache(join(folder, 'none'), 0)).toEqual({ files: 0, bytes: 0, left: 0 })
  })
})
