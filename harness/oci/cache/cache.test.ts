import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, encodedPart } from '../../bytes/digest.ts'
import { readAll } from '../../bytes/source.ts'
import { openCache, type Cache } from './cache.ts'
import { MARKER, MARKER_TEXT } from './layout.ts'
import { measureCache, pruneCache } from './usage.ts'

const folder = await mkdtemp(join(tmpdir(), 'cache-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0
const newCache = (): Promise<Cache> => openCache(join(folder, `c${caches++}`))

const BYTES = Buffer.from('some bytes')
const DIGEST = digestOf(BYTES)

async function put(cache: Cache, bytes: Uint8Array = BYTES): Promise<string> {
  const incoming = await cache.begin()
  await incoming.write(bytes)
  await cache.keep(incoming, 'blobs', digestOf(bytes))
  await incoming.drop()
  await incoming.close()
  return cache.path('blobs', digestOf(bytes))
}

async function find(cache: Cache, digest = DIGEST): Promise<string | undefined> {
  const found = await cache.find('blobs', digest, { path: 'x' })
  if (found === undefined) return undefined
  const text = Buffer.from(await readAll(found.source, 100)).toString()
  await found.close()
  return text
}

const recordOf = (cache: Cache): string => join(cache.root, `records/blobs/sha256/${encodedPart(DIGEST)}.json`)

describe('openCache', () => {
  it('writes nothing before there is something', async () => {
    const cache = await newCache()
    expect(await find(cache)).toBeUndefined()
    await expect(stat(cache.root)).rejects.toThrow('ENOENT')
  })

  it('keeps content under its digest, not readable by other users', async () => {
    const cache = await newCache()
    const path = await put(cache)
    expect(path).toBe(join(cache.root, 'blobs/sha256', encodedPart(DIGEST)))
    expect(await find(cache)).toBe('some bytes')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(cache.root, 'tmp'))).toEqual([])
  })

  it.each<[string, (path: string) => Promise<void>]>([
    ['other bytes of the same size', (path) => writeFile(path, 'same bytes')],
    ['fewer bytes', (path) => writeFile(path, 'some')],
    ['no bytes', (path) => writeFile(path, '')],
    [
      'a link to the right bytes elsewhere',
      async (path) => {
        const elsewhere = join(folder, 'elsewhere')
        await writeFile(elsewhere, BYTES)
        await rm(path)
        await symlink(elsewhere, path)
      },
    ],
    [
      'a folder',
      async (path) => {
        await rm(path)
        await mkdir(path)
      },
    ],
  ])('has nothing where there are %s', async (_, damage) => {
    const cache = await newCache()
    await damage(await put(cache))
    expect(await find(cache)).toBeUndefined()
  })

  it('puts the right bytes in place of others', async () => {
    const cache = await newCache()
    await writeFile(await put(cache), 'other')
    await put(cache)
    expect(await find(cache)).toBe('some bytes')
  })

  it.each<[string, (cache: Cache, path: string) => Promise<unknown>]>([
    ['time', (_, path) => utimes(path, 1, 1)],
    ['record, which is gone', (cache) => rm(recordOf(cache))],
    ['record, which is no record', (cache) => writeFile(recordOf(cache), '{"size":')],
    [
      'record of another start of the machine',
      async (cache) => {
        const record = JSON.parse(await readFile(recordOf(cache), 'utf8')) as object
        await writeFile(recordOf(cache), JSON.stringify({ ...record, boot: 'other' }))
      },
    ],
  ])('hashes again after another %s, and knows it then', async (_, change) => {
    const cache = await newCache()
    const path = await put(cache)
    const { boot } = JSON.parse(await readFile(recordOf(cache), 'utf8')) as { readonly boot: string }
    await change(cache, path)
    expect(await find(cache)).toBe('some bytes')
    const { mtimeNs, ctimeNs, ino, size } = await stat(path, { bigint: true })
    expect(JSON.parse(await readFile(recordOf(cache), 'utf8'))).toEqual({
      size: Number(size),
      modified: String(mtimeNs),
      changed: String(ctimeNs),
      inode: String(ino),
      boot,
      seal: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('removes what killed processes left, not what others are writing', async () => {
    const cache = await newCache()
    await put(cache)
    const old = join(cache.root, `tmp/1-${'0'.repeat(24)}`)
    const foreign = join(cache.root, 'tmp/notes.txt')
    await writeFile(foreign, 'x')
    await utimes(foreign, new Date(), new Date(Date.now() - 61 * 60_000))
    await writeFile(old, 'x')
    await utimes(old, new Date(), new Date(Date.now() - 61 * 60_000))
    const young = `2-${'0'.repeat(24)}`
    await writeFile(join(cache.root, 'tmp', young), 'x')
    await openCache(cache.root)
    expect(await readdir(join(cache.root, 'tmp'))).toEqual([young, 'notes.txt'])
  })

  it('hashes again what was edited, whatever its size, its time and its record say', async () => {
    const cache = await newCache()
    const path = await put(cache)
    const { atime, mtime } = await stat(path)
    const record = await readFile(recordOf(cache), 'utf8')
    await writeFile(path, 'edit bytes')
    await utimes(path, atime, mtime)
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true })
    const forged = {
      ...(JSON.parse(record) as object),
      size: Number(size),
      modified: String(mtimeNs),
      changed: String(ctimeNs),
      inode: String(ino),
    }
    await writeFile(recordOf(cache), JSON.stringify(forged))
    expect(await find(cache)).toBeUndefined()
  })

  it('does not believe the record of another file', async () => {
    const cache = await newCache()
    await put(cache)
    const other = Buffer.from('other bytes')
    const path = await put(cache, other)
    const forged = recordOf(cache).replace(encodedPart(DIGEST), encodedPart(digestOf(other)))
    await writeFile(forged, await readFile(recordOf(cache)))
    await writeFile(path, 'some bytes')
    expect(await find(cache, digestOf(other))).toBeUndefined()
  })

  it.each<[string, (root: string) => Promise<unknown>, string]>([
    ['a folder of something else', (root) => writeFile(join(root, 'index.json'), '{}'), 'got index.json in it'],
    ['a folder with areas and no marker', (root) => mkdir(join(root, 'tmp')), 'got tmp in it'],
    [
      'an area that is a link',
      async (root) => {
        await writeFile(join(root, MARKER), MARKER_TEXT)
        await symlink(folder, join(root, 'blobs'))
      },
      'expected blobs to be a folder of this user, got a symbolic link',
    ],
    ['a marker that says something else', (root) => writeFile(join(root, MARKER), 'x'), 'as this suite writes it'],
    ['a marker that is a link', (root) => symlink('/etc/hostname', join(root, MARKER)), 'got a symbolic link'],
  ])('refuses %s, and removes nothing there', async (_, make, message) => {
    const root = join(folder, `c${caches++}`)
    await mkdir(root)
    await make(root)
    const before = await readdir(root)
    for (const use of [openCache, measureCache, (path: string) => pruneCache(path, 0)])
      await expect(use(root)).rejects.toThrow(message)
    expect(await readdir(root)).toEqual(before)
  })

  it('leaves nothing of a file that is dropped', async () => {
    const cache = await newCache()
    const incoming = await cache.begin()
    await incoming.write(BYTES)
    await incoming.drop()
    await incoming.close()
    expect(await readdir(join(cache.root, 'tmp'))).toEqual([])
  })

  it('lets many write the same at once', async () => {
    const cache = await newCache()
    await Promise.all(Array.from({ length: 20 }, () => put(cache)))
    expect(await find(cache)).toBe('some bytes')
    expect(await readdir(join(cache.root, 'blobs/sha256'))).toHaveLength(1)
  })
})
