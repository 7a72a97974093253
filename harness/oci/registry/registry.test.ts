import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import { readAll } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, IntegrityError, NotFoundError, RegistryError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { serve, type Handler, type TestServer } from '../../testing/http-server.ts'
import { imageOf, tarOf, indexOf, json, manifestDescriptor } from '../../testing/oci-samples.ts'
import { PATIENT } from '../../testing/registry-client.ts'
import { openCache } from '../cache/cache.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../image/media-types.ts'
import { openImage, type OciImage } from '../image/image.ts'
import { openStore } from '../open.ts'
import { parseReference, type RegistryReference } from '../image/reference.ts'
import type { ContentStore } from '../store.ts'
import { openRegistryAccess, type AccessOptions, type RegistryAccess } from './access.ts'
import { pullLayers, readDocuments } from './pull.ts'

const folder = await mkdtemp(join(tmpdir(), 'store-registry-'))
const spool = new Spool(join(folder, 'spool'))
const opened: ContentStore[] = []
afterAll(async () => {
  for (const store of opened) await store.close()
  await spool.close()
  await rm(folder, { recursive: true })
})
let caches = 0
const newFolder = (): string => join(folder, `c${caches++}`)

const IMAGE = imageOf([tarOf([{ name: 'a', content: 'lower' }]), tarOf([{ name: 'b', content: 'upper' }])])
const ROOT = digestOf(IMAGE.manifest)
const [LOWER = ROOT, UPPER = ROOT] = IMAGE.layers.map((layer) => digestOf(layer))

type Blobs = ReadonlyMap<string, Uint8Array>

/** A registry with these blobs and one tag, v1; `instead` may answer first. */
function registryOf(blobs: Blobs, root: Digest, instead?: (...args: Parameters<Handler>) => boolean): Handler {
  return (asked, response, count) => {
    if (instead?.(asked, response, count) === true) return
    const [, kind, name = ''] = /^\/v2\/you\/image\/(manifests|blobs)\/(.+)$/.exec(asked.url) ?? []
    const digest = name === 'v1' ? root : name
    const bytes = blobs.get(digest)
    if (asked.url === '/v2/') response.end()
    else if (bytes === undefined) response.writeHead(404).end()
    else {
      const type = kind === 'manifests' ? (JSON.parse(bytes.toString()) as { mediaType?: string }).mediaType : undefined
      response.writeHead(200, { 'content-type': type ?? 'application/octet-stream', 'docker-content-digest': digest })
      response.end(asked.method === 'HEAD' ? undefined : bytes)
    }
  }
}

const network = { credentials: async () => undefined, limits: PATIENT }
async function accessTo(cacheFolder: string, options: Partial<AccessOptions> = { network }): Promise<RegistryAccess> {
  return openRegistryAccess({ cache: await openCache(cacheFolder), ...options })
}
const referenceOf = (host: string, rest = ':v1'): RegistryReference =>
  parseReference(`${host}/you/image${rest}`) as RegistryReference

async function open(access: RegistryAccess, reference: RegistryReference): Promise<OciImage> {
  const store = await openStore(reference, { spool, registry: access })
  opened.push(store)
  return openImage(store, { spool })
}
async function pull(access: RegistryAccess, reference: RegistryReference): Promise<void> {
  const store = await openStore(reference, { spool, registry: access })
  opened.push(store)
  const documents = await readDocuments(reference, store, await openImage(store, { spool }))
  await pullLayers(access, [documents])
}
const asked = (server: TestServer): readonly string[] =>
  server.asked.map(({ method, url }) => `${method} ${url.replace('/v2/you/image/', '')}`)

describe('a registry as a store', () => {
  it('resolves a tag once, and reads everything by digest', async () => {
    await using server = await serve(registryOf(IMAGE.blobs, ROOT))
    const access = await accessTo(newFolder())
    const image = await open(access, referenceOf(server.host))
    expect(image.where).toEqual({ path: `${server.host}/you/image:v1`, digest: ROOT })
    expect([...(await image.tree()).entries()].map(({ path }) => path)).toEqual(['a', 'b'])
    expect((await image.blobs()).every(({ claimed, computed }) => claimed.digest === computed?.digest)).toBe(true)
    await open(access, referenceOf(server.host))
    expect(asked(server).filter((one) => one.startsWith('GET manifests'))).toEqual(['GET manifests/v1'])
    expect(asked(server).filter((one) => one.startsWith('GET blobs'))).toHaveLength(3)
  })

  it('judges the same without the network, once it was judged with it', async () => {
    const cacheFolder = newFolder()
    const place: { reference?: RegistryReference } = {}
    {
      await using server = await serve(registryOf(IMAGE.blobs, ROOT))
      place.reference = referenceOf(server.host)
      const absent = referenceOf(server.host, ':v1-assets')
      await expectCode(async () => open(await accessTo(cacheFolder), absent), NotFoundError, 'MANIFEST_UNKNOWN')
      await pull(await accessTo(cacheFolder), place.reference)
    }
    const notes: string[] = []
    const offline = await accessTo(cacheFolder, { notify: (note) => notes.push(note) })
    const image = await open(offline, place.reference)
    expect([...(await image.tree()).entries()]).toHaveLength(2)
    expect(notes).toEqual([expect.stringMatching(`image:v1 is taken for ${ROOT}, which it was at 20`)])
    await open(offline, referenceOf(place.reference.registry, `@${ROOT}`))
    expect(notes).toHaveLength(1)
    const absent = referenceOf(place.reference.registry, ':v1-assets')
    await expectCode(() => open(offline, absent), NotFoundError, 'MANIFEST_UNKNOWN')
    for (const rest of [':v2', `@${LOWER}`])
      await expectCode(() => open(offline, referenceOf('other.example', rest)), RegistryError, 'REGISTRY_UNAVAILABLE')
  })

  it('fetches a blob once, however many ask for it at once', async () => {
    await using server = await serve(registryOf(IMAGE.blobs, ROOT))
    const access = await accessTo(newFolder())
    const reference = referenceOf(server.host)
    await Promise.all(Array.from({ length: 5 }, () => pull(access, reference)))
    expect(asked(server).filter((one) => one.includes(LOWER))).toEqual([`GET blobs/${LOWER}`])
  })

  it('asks a registry whether it has what is in the cache', async () => {
    const cacheFolder = newFolder()
    await using whole = await serve(registryOf(IMAGE.blobs, ROOT))
    await pull(await accessTo(cacheFolder), referenceOf(whole.host))
    const blobs = new Map<string, Uint8Array>(IMAGE.blobs)
    blobs.delete(UPPER)
    await using broken = await serve(registryOf(blobs, ROOT))
    const access = await accessTo(cacheFolder)
    await pull(access, referenceOf(broken.host))
    expect(asked(broken)).toContain(`HEAD blobs/${UPPER}`)
    expect(Object.keys(access.failures())).toEqual([`${broken.host}/you/image@${UPPER}`])
    await expectCode(async () => (await open(access, referenceOf(broken.host))).tree(), NotFoundError, 'BLOB_UNKNOWN')
  })

  it('hands on what is wrong to who has no network', async () => {
    const cacheFolder = newFolder()
    const corrupted = new Map<string, Uint8Array>(IMAGE.blobs)
    const bytes = Buffer.from(corrupted.get(LOWER) ?? '')
    bytes[20] = (bytes[20] ?? 0) ^ 1
    corrupted.set(LOWER, bytes)
    corrupted.delete(UPPER)
    await using server = await serve(registryOf(corrupted, ROOT))
    const access = await accessTo(cacheFolder)
    await pull(access, referenceOf(server.host))
    // The first answer may have been a bad line; the second is the image.
    expect(asked(server).filter((one) => one.includes(LOWER))).toHaveLength(2)
    const failures = structuredClone(access.failures())
    const worker = await open(await accessTo(cacheFolder, { failures }), referenceOf(server.host, `:v1@${ROOT}`))
    const [lower, upper] = worker.layers
    await expectCode(async () => lower?.read(), IntegrityError, 'DIGEST_MISMATCH')
    await expectCode(async () => upper?.read(), NotFoundError, 'BLOB_UNKNOWN')
    expect(await readdir(join(cacheFolder, 'blobs/sha256'))).not.toContain(LOWER.slice(7))
  })

  it('does not fetch what only claims to be a config (GHSA-f36w-mj3v-6jqv)', async () => {
    const manifest = json({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: LOWER, size: 5 * 2 ** 30 },
      layers: [{ mediaType: OCI_LAYER_GZIP, digest: UPPER, size: 2 ** 50 }],
    })
    await using server = await serve(
      registryOf(new Map([...IMAGE.blobs, [digestOf(manifest), manifest]]), digestOf(manifest)),
    )
    const access = await accessTo(newFolder())
    await expectCode(async () => (await open(access, referenceOf(server.host))).config(), FormatError, 'LIMIT_EXCEEDED')
    await pull(access, referenceOf(server.host))
    expect(Object.values(access.failures())).toMatchObject([{ kind: 'tooBig' }])
    expect(asked(server).filter((one) => one.includes('blobs'))).toEqual([])
  })

  it('reads an index with its children, those that are not there too', async () => {
    const platform = { os: 'linux', architecture: 'arm64' }
    const nowhere = digestOf(Buffer.from('nowhere'))
    const absent = {
      mediaType: OCI_MANIFEST,
      digest: nowhere,
      size: 2,
      platform: { os: 'linux', architecture: 'amd64' },
    }
    const index = indexOf([manifestDescriptor(IMAGE, { platform }), absent])
    await using server = await serve(
      registryOf(new Map([...IMAGE.blobs, [digestOf(index), index]]), digestOf(index), (one, response) => {
        if (one.url.endsWith(`manifests/${nowhere}`)) response.writeHead(404).end()
        return one.url.endsWith(`manifests/${nowhere}`)
      }),
    )
    const cacheFolder = newFolder()
    const access = await accessTo(cacheFolder)
    await pull(access, referenceOf(server.host))
    const worker = await open(
      await accessTo(cacheFolder, { failures: access.failures() }),
      referenceOf(server.host, `@${digestOf(index)}`),
    )
    expect(worker.root.descriptor.mediaType).toBe(OCI_INDEX)
    expect(await worker.childPlatforms()).toHaveLength(1)
    expect((await worker.blobs()).filter(({ computed }) => computed === undefined)).toHaveLength(1)
  })

  it('ends with all that is under way when one layer cannot be had', async () => {
    await using server = await serve(
      registryOf(IMAGE.blobs, ROOT, (one, response) => {
        if (one.url.endsWith(LOWER)) response.writeHead(403).end()
        // The other never comes.
        return one.url.endsWith(LOWER) || one.url.endsWith(UPPER)
      }),
    )
    const cacheFolder = newFolder()
    const access = await accessTo(cacheFolder)
    await expectCode(() => pull(access, referenceOf(server.host)), RegistryError, 'REGISTRY_DENIED')
    await access.close()
    await expect.poll(() => readdir(join(cacheFolder, 'tmp'))).toEqual([])
  })

  it('reads small blobs whole', async () => {
    await using server = await serve(registryOf(IMAGE.blobs, ROOT))
    const access = await accessTo(newFolder())
    const store = await openStore(referenceOf(server.host), { spool, registry: access })
    const source = await store.open({
      mediaType: OCI_CONFIG,
      digest: digestOf(IMAGE.config),
      size: IMAGE.config.length,
    })
    expect(Buffer.from(await readAll(source, 9999))).toEqual(IMAGE.config)
    await store.close()
  })
})
