import { mkdirSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { openCache } from './cache.ts'
import { openKeptFacts, type KeptFacts } from './kept-facts.ts'
import { boundFacts, pruneCache } from './usage.ts'

const folder = await mkdtemp(join(tmpdir(), 'kept-facts-'))
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())
let caches = 0
const newRoot = (): string => {
  const root = join(folder, `c${caches++}`)
  mkdirSync(root, { mode: 0o700 })
  return root
}
const openFacts = (root: string, version = 'one'): KeptFacts =>
  openKeptFacts({ open: () => openCache(root), version: () => version })

const ROOT = digestOf(Buffer.from('some bytes'))
const OTHER = digestOf(Buffer.from('other bytes'))
const keyFor = (root: string, reader = 'elf'): string => `${reader}(${root}@0+10)`
const VALUE = { type: 'shared', names: new Map([['a', 1n]]), bytes: Uint8Array.from([1, 2]), none: undefined }

async function put(root: string, key = keyFor(ROOT), value: unknown = VALUE): Promise<void> {
  const facts = openFacts(root)
  await facts.find(key)
  await facts.put(key, value, 100)
  await facts.save()
}
async function documentsOf(root: string): Promise<readonly string[]> {
  const area = join(root, 'facts/sha256')
  return (await readdir(area).catch(() => [])).map((name) => join(area, name))
}
async function edit(root: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  for (const path of await documentsOf(root)) await writeFile(path, change(await readFile(path)))
}

describe('facts of an earlier run', () => {
  it('are what they were', async () => {
    const root = newRoot()
    await put(root)
    expect(await openFacts(root).find(keyFor(ROOT))).toEqual({ value: VALUE })
    expect(await openFacts(root).find(keyFor(ROOT, 'module'))).toBeUndefined()
    expect(await openFacts(root).find(keyFor(OTHER))).toBeUndefined()
  })

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['a value is edited', (bytes) => Buffer.from(bytes.toString('latin1').replace('shared', 'static'), 'latin1')],
    ['the end is cut off', (bytes) => bytes.subarray(0, -1)],
    ['the seal is another', (bytes) => Buffer.from(bytes.toString('latin1').replace(/ [0-9a-f]/, ' x'), 'latin1')],
    ['only the first line is left', (bytes) => bytes.subarray(0, bytes.indexOf('\n') + 1)],
    ['nothing is left', () => Buffer.alloc(0)],
    ['more is behind it', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
  ])('are none where %s', async (_, change) => {
    const root = newRoot()
    await put(root)
    await edit(root, change)
    expect(await openFacts(root).find(keyFor(ROOT))).toBeUndefined()
  })

  it('are none of another user, whose key is another', async () => {
    const root = newRoot()
    vi.stubEnv('XDG_STATE_HOME', join(folder, 'other user'))
    await put(root)
    expect(await openFacts(root).find(keyFor(ROOT))).toEqual({ value: VALUE })
    vi.stubEnv('XDG_STATE_HOME', join(folder, 'this user'))
    expect(await openFacts(root).find(keyFor(ROOT))).toBeUndefined()
  })

  it('are none of other readers, and none of other bytes under their name', async () => {
    const root = newRoot()
    await put(root)
    expect(await openFacts(root, 'two').find(keyFor(ROOT))).toBeUndefined()
    const [right] = await documentsOf(root)
    await put(root, keyFor(OTHER))
    const moved = (await documentsOf(root)).find((path) => path !== right)
    await writeFile(moved ?? '', await readFile(right ?? ''))
    expect(await openFacts(root).find(keyFor(OTHER))).toBeUndefined()
    expect(await openFacts(root).find(keyFor(ROOT))).toEqual({ value: VALUE })
  })

  it('are none where a link or a folder is in their place', async () => {
    for (const place of [(path: string) => symlink('/dev/zero', path), (path: string) => mkdir(path)]) {
      const root = newRoot()
      await put(root)
      const [path = ''] = await documentsOf(root)
      await rm(path)
      await place(path)
      expect(await openFacts(root).find(keyFor(ROOT))).toBeUndefined()
    }
  })

  it('are none of a cache in which others can write', async () => {
    const root = newRoot()
    await put(root)
    await chmod(root, 0o777)
    expect(await openFacts(root).find(keyFor(ROOT))).toBeUndefined()
    await chmod(root, 0o700)
    expect(await openFacts(root).find(keyFor(ROOT))).toEqual({ value: VALUE })
  })

  it('are counted where they are believed, and not those of this run', async () => {
    const root = newRoot()
    await put(root)
    const onBelieved = vi.fn<() => void>()
    const facts = openKeptFacts({ open: () => openCache(root), version: () => 'one', onBelieved })
    await facts.put(keyFor(OTHER), 1, 1)
    await facts.find(keyFor(OTHER))
    expect(onBelieved).not.toHaveBeenCalled()
    await facts.find(keyFor(ROOT))
    expect(onBelieved).toHaveBeenCalledOnce()
  })

  it('are not kept, without an error and a file left, where they cannot be written', async () => {
    for (const place of ['facts', 'facts/sha256']) {
      const root = newRoot()
      await put(root)
      await rm(join(root, place), { recursive: true })
      await writeFile(join(root, place), 'no folder')
      await put(root)
      expect(await openFacts(root).find(keyFor(ROOT))).toBeUndefined()
      expect(await readdir(join(root, 'tmp'))).toEqual([])
    }
  })

  it('are plain data alone', async () => {
    const root = newRoot()
    for (const value of [{ at: new URL('https://example.com') }, new Date(0), [() => 1], Object.create(null)])
      await put(root, keyFor(ROOT), value)
    expect(await documentsOf(root)).toEqual([])
  })

  it('are whole where many write them at once', async () => {
    const root = newRoot()
    await Promise.all(Array.from({ length: 10 }, () => put(root)))
    expect(await openFacts(root).find(keyFor(ROOT))).toEqual({ value: VALUE })
  })

  it('go where there are too many, and with the cache, the oldest first', async () => {
    const root = newRoot()
    await put(root)
    const [old] = await documentsOf(root)
    await utimes(old ?? '', 1, 1)
    await put(root, keyFor(OTHER))
    await boundFacts(root, 1)
    expect(await openFacts(root).find(keyFor(ROOT))).toBeUndefined()
    await put(root)
    expect(await pruneCache(root, 0)).toMatchObject({ left: 0 })
    expect(await documentsOf(root)).toEqual([])
  })
})
