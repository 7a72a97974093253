import { createHmac } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { RegistryError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { imageOf, tarOf } from '../../testing/oci-samples.ts'
import { OCI_MANIFEST } from '../image/media-types.ts'
import type { RegistryReference } from '../image/reference.ts'
import { openRegistryAccess } from '../registry/access.ts'
import { openCache, type Cache } from './cache.ts'
import { openNames } from './names.ts'

const folder = await mkdtemp(join(tmpdir(), 'names-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0
const newCache = (): Promise<Cache> => openCache(join(folder, `c${caches++}`))

const [RED = Buffer.from(''), GREEN = Buffer.from('')] = ['red', 'green'].map(
  (content) => imageOf([tarOf([{ name: 'a', content }])]).manifest,
)
const described = (bytes: Uint8Array) => ({ mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length })
const NAME = 'registry.example/you/image:v1'
const REFERENCE: RegistryReference = {
  kind: 'registry',
  registry: 'registry.example',
  repository: 'you/image',
  tag: 'v1',
}

/** The file that keeps what a name was. */
const fileOf = (cache: Cache, name = NAME): string => cache.path('names', digestOf(Buffer.from(name)))

async function put(cache: Cache, bytes: Uint8Array): Promise<void> {
  const incoming = await cache.begin()
  await incoming.write(bytes)
  await cache.keep(incoming, 'blobs', digestOf(bytes))
  await incoming.close()
}

/** A cache with both images, in which the tag was resolved to the red one. */
async function resolvedRed(): Promise<Cache> {
  const cache = await newCache()
  for (const bytes of [RED, GREEN]) await put(cache, bytes)
  await openNames(cache).remember(NAME, described(RED))
  return cache
}

describe('openNames', () => {
  it('remembers what a name was, in another run too', async () => {
    const cache = await newCache()
    const names = openNames(cache)
    expect(await names.recall(NAME)).toBeUndefined()
    await names.remember(NAME, { ...described(RED), annotations: { a: 'b' } })
    await names.remember('absent', null)
    await names.rememberReferrers('listed', [described(RED)])
    await names.rememberReferrers('without', undefined)
    for (const known of [names, openNames(cache), openNames(await newCache(), structuredClone(names.answers()))]) {
      expect(await known.recall(NAME)).toEqual({
        descriptor: described(RED),
        resolved: expect.stringMatching(/^20.*Z$/),
      })
      expect(await known.recall('absent')).toMatchObject({ descriptor: null })
      expect(await known.recall('registry.example/you/image:v2')).toBeUndefined()
      expect(await known.recallReferrers('listed')).toEqual([described(RED)])
      expect(await known.recallReferrers('without')).toBeNull()
      expect(await known.recallReferrers(NAME)).toBeUndefined()
    }
  })

  it.each<[string, (text: string) => string]>([
    ['nothing', () => ''],
    ['an empty object', () => '{}'],
    [
      'an answer of the version before',
      () => JSON.stringify({ version: 1, name: NAME, descriptor: described(GREEN), resolved: '' }),
    ],
    ['another digest', (text) => text.replace(digestOf(RED), digestOf(GREEN))],
    ['another time', (text) => text.replace(/"20\d\d/, '"2019')],
    ['that there is nothing', (text) => JSON.stringify({ ...JSON.parse(text), found: null })],
    [
      'another digest, sealed with another key',
      (text) => {
        const edited = { ...JSON.parse(text), found: described(GREEN) }
        const sealed = JSON.stringify(['answer', NAME, edited.found, edited.resolved])
        const seal = createHmac('sha256', Buffer.alloc(32)).update(sealed).digest('hex')
        return JSON.stringify({ ...edited, seal })
      },
    ],
  ])('does not believe %s that was put in its place', async (_, edit) => {
    const cache = await resolvedRed()
    const text = await readFile(fileOf(cache), 'utf8')
    const edited = edit(text)
    expect(edited).not.toBe(text)
    await writeFile(fileOf(cache), edited)
    expect(await openNames(cache).recall(NAME)).toBeUndefined()
  })

  it('does not believe the answer about another name', async () => {
    const cache = await resolvedRed()
    await openNames(cache).remember('other', described(GREEN))
    await writeFile(fileOf(cache), await readFile(fileOf(cache, 'other')))
    expect(await openNames(cache).recall(NAME)).toBeUndefined()
  })

  it('keeps and believes nothing where others may write, but what is handed on', async () => {
    const cache = await resolvedRed()
    await chmod(cache.root, 0o777)
    const names = openNames(cache)
    expect(await names.recall(NAME)).toBeUndefined()
    const before = await readdir(join(cache.root, 'names/sha256'))
    await names.remember('new', described(RED))
    expect(await readdir(join(cache.root, 'names/sha256'))).toEqual(before)
    expect(await openNames(cache, names.answers()).recall('new')).toMatchObject({ descriptor: described(RED) })
  })
})

describe('a registry that is not asked', () => {
  it('is not what somebody wrote into the cache', async () => {
    const cache = await resolvedRed()
    const access = openRegistryAccess({ cache })
    expect(await access.resolve(REFERENCE)).toEqual(described(RED))
    await writeFile(fileOf(cache), (await readFile(fileOf(cache), 'utf8')).replace(digestOf(RED), digestOf(GREEN)))
    const edited = openRegistryAccess({ cache })
    await expectCode(() => edited.resolve(REFERENCE), RegistryError, 'REGISTRY_UNAVAILABLE')
  })

  it('has nothing else under a digest, whatever is said of it', async () => {
    const cache = await resolvedRed()
    const pinned = { ...REFERENCE, digest: digestOf(RED) }
    const found = async (bytes: Uint8Array) => {
      const answers = { [`registry.example/you/image@${digestOf(RED)}`]: { found: described(bytes), resolved: '' } }
      return openRegistryAccess({ cache, answers }).resolve(pinned)
    }
    expect(await found(RED)).toEqual(described(RED))
    await expectCode(() => found(GREEN), RegistryError, 'REGISTRY_UNAVAILABLE')
  })
})
