import { createHmac, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, readDigest } from '../../bytes/digest.ts'
import { Facts } from '../../bytes/facts.ts'
import { makeSource, readAll } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, IntegrityError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { tarOf } from '../../testing/oci-samples.ts'
import { openCache, type Cache } from './cache.ts'
import { fillBlob } from './fill.ts'
import { layerCache } from './layers.ts'
import { readLayer, type LayerContent } from '../image/layer.ts'

const folder = await mkdtemp(join(tmpdir(), 'cache-layers-'))
const spool = new Spool(join(folder, 'spool'))
const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(closers.map((close) => close()))
  await spool.close()
  await rm(folder, { recursive: true })
})
let caches = 0
const newCache = (): Promise<Cache> => openCache(join(folder, `c${caches++}`))

const BIG = randomBytes(3 << 20)
const TAR = tarOf([
  { name: './a/', type: '5', mode: 0o755 },
  { name: 'a/big', content: BIG, uid: 7, mtime: 1000 },
  { name: 'a/link', type: '2', target: '/x' },
  { name: 'a/hard', type: '1', target: 'a/big' },
  { name: 'a/xattr', content: 'x', pax: { 'SCHILY.xattr.security.selinux': Buffer.from([0, 255]) } },
  { name: '../out', content: 'x' },
  { name: 'a/big', content: 'again' },
])
const LAYERS = { gzip: gzipSync(TAR), zstd: zstdCompressSync(TAR), none: TAR }

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20))
}
const fill = (cache: Cache, bytes: Uint8Array, chunks = inPieces(bytes)): Promise<void> =>
  fillBlob(cache, { digest: digestOf(bytes), size: bytes.length }, chunks, { where: { path: 'x' }, layer: true })

/** The layer as it is read from the cache; `onRead` gets the length of every piece of its stored bytes that is read. */
async function read(
  cache: Cache,
  bytes: Uint8Array,
  { onRead, facts }: { readonly onRead?: (length: number) => void; readonly facts?: Facts } = {},
): Promise<LayerContent> {
  const digest = digestOf(bytes)
  const cached = await cache.find('blobs', digest, { path: 'x' })
  if (cached === undefined) throw new Error('not in the cache')
  closers.push(cached.close)
  const { source } = cached
  const stored = makeSource(
    async (offset, length) => {
      onRead?.(length)
      return source.read(offset, length)
    },
    0,
    source.size,
    // As an image does: the whole of it under the name of its digest.
    { path: 'x', digest },
  )
  return readLayer(stored, {
    spool: facts === undefined ? spool : new Spool(join(folder, 'spool'), undefined, facts),
    cache: layerCache(cache, digest, (close) => closers.push(close)),
  })
}

/** All of a layer that can be compared, its content too. */
async function flatten({ entries, tar, ...facts }: LayerContent): Promise<unknown> {
  const flat = entries.map(async ({ data, ...entry }) => ({
    ...entry,
    data: data && { where: data.where, digest: digestOf(await readAll(data, 4 << 20)) },
  }))
  return { ...facts, tar: digestOf(await readAll(tar, 4 << 20)), tree: undefined, entries: await Promise.all(flat) }
}

const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  )

describe.each(Object.entries(LAYERS))('a layer with compression %s', (compression, bytes) => {
  it('is the same from the cache, cold and warm, as without', async () => {
    const plain = withoutCache(bytes)
    const cache = await newCache()
    await fill(cache, bytes)
    expect(await exists(cache.path('layers', digestOf(bytes)))).toBe(compression !== 'zstd')
    const expected = await flatten(await plain)
    expect(await flatten(await read(cache, bytes))).toEqual(expected)
    expect(await exists(cache.path('layers', digestOf(bytes)))).toBe(true)
    expect(await flatten(await read(cache, bytes))).toEqual(expected)
  })

  const withoutCache = async (stored: Uint8Array): Promise<LayerContent> => {
    const cache = await newCache()
    await fill(cache, stored)
    const cached = await cache.find('blobs', digestOf(stored), { path: 'x', digest: digestOf(stored) })
    if (cached === undefined) throw new Error('not in the cache')
    closers.push(cached.close)
    return readLayer(cached.source, { spool })
  }
})

describe('the index of a layer', () => {
  const GZIP = LAYERS.gzip

  it('knows a big file by its digest, in another layer too', async () => {
    const cache = await newCache()
    const facts = new Facts(() => spool)
    const other = gzipSync(
      tarOf([
        { name: 'small', content: 'x' },
        { name: 'moved', content: BIG },
      ]),
    )
    const roots: (string | undefined)[] = []
    for (const layer of [GZIP, GZIP, other]) {
      await fill(cache, layer)
      const { entries } = await read(cache, layer, { facts })
      const big = entries.find(({ size }) => size === BIG.length)
      roots.push(big?.data?.identity?.root)
      expect(big?.data && (await readDigest(big.data))).toBe(digestOf(BIG))
    }
    expect(roots).toEqual([digestOf(BIG), digestOf(BIG), digestOf(BIG)])
    expect((await read(cache, GZIP)).entries[1]?.data?.digest).toBeUndefined()
  })

  it('is taken for what it is, nothing decompressed again', async () => {
    const cache = await newCache()
    await fill(cache, GZIP)
    const storedBytesRead = async (): Promise<number> => {
      let count = 0
      await read(cache, GZIP, { onRead: (length) => (count += length) })
      return count
    }
    expect(await storedBytesRead()).toBe(0)
    await rm(cache.path('layers', digestOf(GZIP)))
    expect(await storedBytesRead()).toBeGreaterThanOrEqual(GZIP.length)
    expect(await storedBytesRead()).toBe(0)
  })

  it.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['an index with another byte', (cache) => alter(cache, 'layers', (text) => text.replace('"uid":7', '"uid":8'))],
    ['an index of another version', (cache) => alter(cache, 'layers', (text) => text.replace('index 5', 'index 1'))],
    [
      'an index that was edited, its seal made with another key',
      (cache) =>
        alter(cache, 'layers', (text) => {
          const body = text.slice(text.indexOf('\n') + 1).replace('"uid":7', '"uid":8')
          const seal = createHmac('sha256', Buffer.alloc(32))
            .update(`index ${digestOf(GZIP)}\n${body}`)
            .digest('hex')
          return `talos-image-contract layer index 5 ${seal}\n${body}`
        }),
    ],
    ['half an index', (cache) => alter(cache, 'layers', (text) => text.slice(0, text.length / 2))],
    ['no index', (cache) => alter(cache, 'layers', () => '')],
    [
      'the index of another layer',
      async (cache) => {
        const other = gzipSync(tarOf([{ name: 'other' }]))
        await fill(cache, other)
        await writeFile(cache.path('layers', digestOf(GZIP)), await readFile(cache.path('layers', digestOf(other))))
      },
    ],
    ['another tar', (cache) => writeFile(cache.path('tars', digestOf(TAR)), Buffer.alloc(TAR.length))],
    ['half a tar', (cache) => writeFile(cache.path('tars', digestOf(TAR)), TAR.subarray(0, 4096))],
    ['no tar', (cache) => rm(cache.path('tars', digestOf(TAR)))],
  ])('is made anew where there is %s', async (_, damage) => {
    const cache = await newCache()
    await fill(cache, GZIP)
    const expected = await flatten(await read(cache, GZIP))
    const text = await readFile(cache.path('layers', digestOf(GZIP)), 'utf8')
    await damage(cache)
    expect(await flatten(await read(cache, GZIP))).toEqual(expected)
    expect(await readFile(cache.path('layers', digestOf(GZIP)), 'utf8')).toBe(text)
    expect(digestOf(await readFile(cache.path('tars', digestOf(TAR))))).toBe(digestOf(TAR))
  })

  async function alter(cache: Cache, area: 'layers', change: (text: string) => string): Promise<void> {
    const path = cache.path(area, digestOf(GZIP))
    const text = await readFile(path, 'utf8')
    const changed = change(text)
    expect(changed).not.toBe(text)
    await writeFile(path, changed)
  }
})

describe('fillBlob', () => {
  it.each([
    ['text', Buffer.alloc(3 << 20, 'no tar ')],
    ['half a gzip', gzipSync(randomBytes(3 << 20)).subarray(0, 2 << 20)],
    ['a gzip of no tar', gzipSync(randomBytes(3 << 20))],
    ['nothing', Buffer.alloc(0)],
  ])('keeps a layer that is %s, for its reader to say', async (_, bytes) => {
    const cache = await newCache()
    await fill(cache, bytes)
    const cached = await cache.find('blobs', digestOf(bytes), {})
    expect(cached && digestOf(await readAll(cached.source, 4 << 20))).toBe(digestOf(bytes))
    await cached?.close()
    expect(await exists(cache.path('layers', digestOf(bytes)))).toBe(false)
  })

  it('keeps nothing of a blob that does not come whole', async () => {
    const cache = await newCache()
    const { gzip } = LAYERS
    async function* broken(): AsyncGenerator<Uint8Array, void, void> {
      yield gzip.subarray(0, 1 << 20)
      throw new IntegrityError('SIZE_MISMATCH', 'cut', { got: 1, want: 2, bytesRead: 1 })
    }
    await expectCode(() => fill(cache, gzip, broken()), IntegrityError, 'SIZE_MISMATCH')
    expect(await cache.find('blobs', digestOf(gzip), {})).toBeUndefined()
    expect(await exists(cache.path('layers', digestOf(gzip)))).toBe(false)
  })

  it('reads a layer that is broken inside like any other reader', async () => {
    const cache = await newCache()
    const bytes = gzipSync(Buffer.alloc(2048, 'no tar '))
    await fill(cache, bytes)
    await expectCode(() => read(cache, bytes), FormatError, 'BAD_MAGIC')
    expect(await exists(cache.path('layers', digestOf(bytes)))).toBe(false)
  })
})
