import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { digestOf, encodedPart } from '../../bytes/digest.ts'
import { bytesSource, readAll } from '../../bytes/source.ts'
import { FormatError, NotFoundError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import * as samples from '../../testing/oci-samples.ts'
import { readArchive } from './archive.ts'
import {
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_LAYER_ZSTD,
  DOCKER_MANIFEST,
} from '../image/media-types.ts'
import type { Manifest } from '../image/schemas.ts'
import { dockerStore } from './store-docker.ts'
import type { ContentStore } from '../store.ts'

const TAR = samples.tarOf([{ name: 'a' }])
const GZIP = gzipSync(TAR)
const ZSTD = zstdCompressSync(TAR)
const CONFIG = samples.json({ rootfs: { type: 'layers', diff_ids: [digestOf(TAR)] } })
const OTHER = 'c'.repeat(64)

type Saved = { readonly Config: string; readonly Layers?: readonly string[]; readonly RepoTags?: readonly string[] }

async function storeOf(entries: readonly samples.SampleEntry[], list: unknown, tag?: string): Promise<ContentStore> {
  const tar = samples.tarOf([...entries, { name: 'manifest.json', content: samples.json(list) }])
  const tree = await readArchive(bytesSource(tar, { path: 'x.tar' }), 'docker-archive')
  return dockerStore({ kind: 'docker-archive', path: 'x.tar', ...(tag !== undefined && { tag }) }, tree)
}

async function manifestOf(store: ContentStore): Promise<Manifest> {
  return JSON.parse(Buffer.from(await readAll(await store.open(await store.resolve()), 10_000)).toString()) as Manifest
}

async function firstLayer(name: string, content: Uint8Array): Promise<Manifest['layers'][number] | undefined> {
  const store = await storeOf(
    [
      { name: 'c.json', content: CONFIG },
      { name, content },
    ],
    [{ Config: 'c.json', Layers: [name] }],
  )
  const { layers } = await manifestOf(store)
  return layers[0]
}

describe('dockerStore', () => {
  it('makes one Docker manifest, the same every time', async () => {
    const name = `${encodedPart(digestOf(GZIP))}.tar.gz`
    const entries = [
      { name: digestOf(CONFIG), content: CONFIG },
      { name, content: GZIP },
    ]
    const list: readonly Saved[] = [{ Config: digestOf(CONFIG), RepoTags: ['x:v1'], Layers: [name] }]
    const store = await storeOf(entries, list)
    const root = await store.resolve()
    expect(root).toEqual(await (await storeOf(entries.toReversed(), list)).resolve())
    expect(await manifestOf(store)).toEqual({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: samples.descriptorOf(CONFIG, DOCKER_CONFIG),
      layers: [samples.descriptorOf(GZIP, DOCKER_LAYER_GZIP)],
    })
    expect(root).toEqual({
      ...root,
      mediaType: DOCKER_MANIFEST,
      digest: digestOf(await readAll(await store.open(root), 1e4)),
    })
    expect(await readAll(await store.open(samples.descriptorOf(GZIP, '')), 10_000)).toEqual(GZIP)
  })

  it.for([
    ['sha256:<hex>', `sha256:${OTHER}`, GZIP],
    ['<hex>.tar.gz', `${OTHER}.tar.gz`, GZIP],
    ['blobs/sha256/<hex>', `blobs/sha256/${OTHER}`, GZIP],
    ['<hex>.tar of skopeo', `${OTHER}.tar`, TAR],
    ['<hex>', OTHER, GZIP],
  ] as const)('hands on the digest that %s claims, though it is wrong', async ([, name, content]) => {
    expect(await firstLayer(name, content)).toMatchObject({ digest: `sha256:${OTHER}`, size: content.length })
  })

  it.for([
    ['<id>/layer.tar', `${OTHER}/layer.tar`, TAR],
    ['a compressed <hex>.tar, which names the diff id', `${OTHER}.tar`, GZIP],
    ['any other name', 'layer', TAR],
  ] as const)('computes the digest of %s', async ([, name, content]) => {
    expect(await firstLayer(name, content)).toMatchObject({ digest: digestOf(content) })
  })

  it.for([
    ['none', TAR, DOCKER_LAYER],
    ['gzip', GZIP, DOCKER_LAYER_GZIP],
    ['zstd', ZSTD, DOCKER_LAYER_ZSTD],
  ] as const)(
    'derives the media type of a layer with compression %s from its bytes',
    async ([, content, mediaType]) => {
      expect(await firstLayer('layer', content)).toEqual(samples.descriptorOf(content, mediaType))
    },
  )

  it('follows the links of old docker save, inside the archive', async () => {
    const entries: readonly samples.SampleEntry[] = [
      { name: 'c.json', content: CONFIG },
      { name: 'id1/layer.tar', content: TAR },
      { name: 'id2/layer.tar', type: '2', target: '../id1/layer.tar' },
      { name: 'id3/layer.tar', type: '1', target: 'id1/layer.tar' },
    ]
    const Layers = ['id1/layer.tar', 'id2/layer.tar', 'id3/layer.tar']
    const { layers } = await manifestOf(await storeOf(entries, [{ Config: 'c.json', Layers }]))
    expect(layers).toEqual(Layers.map(() => samples.descriptorOf(TAR, DOCKER_LAYER)))
    const out = [entries[0] ?? { name: '' }, { name: 'l', type: '2', target: '/etc/passwd' }]
    const store = await storeOf(out, [{ Config: 'c.json', Layers: ['l'] }])
    const error = await expectCode(() => store.resolve(), NotFoundError, 'BLOB_UNKNOWN')
    expect(error.message).toBe('docker-archive: expected a file l, got none')
  })

  it('describes a missing file by the digest in its name, and does not have it', async () => {
    const store = await storeOf([], [{ Config: `${OTHER}.json`, Layers: null }])
    const { config } = await manifestOf(store)
    expect(config).toEqual({ mediaType: DOCKER_CONFIG, digest: `sha256:${OTHER}`, size: 0 })
    const error = await expectCode(() => store.open(config), NotFoundError, 'BLOB_UNKNOWN')
    expect(error.at).toEqual({ path: 'x.tar', digest: config.digest })
  })

  it('takes the image that a tag names', async () => {
    const entries = [
      { name: 'a.json', content: CONFIG },
      { name: 'b.json', content: '{}' },
    ]
    const list = [
      { Config: 'a.json', RepoTags: ['x:v1', 'x:latest'] },
      { Config: 'b.json', RepoTags: null },
    ]
    expect((await manifestOf(await storeOf(entries, list, 'x:latest'))).config.size).toBe(CONFIG.length)
    const several = await storeOf(entries, list)
    const unknown = await storeOf(entries, list, 'x:v2')
    const errors = [
      await expectCode(() => several.resolve(), FormatError, 'MALFORMED'),
      await expectCode(() => unknown.resolve(), NotFoundError, 'MANIFEST_UNKNOWN'),
    ]
    expect(errors.map(({ message }) => message)).toEqual([
      'docker-archive: expected a tag that says which image, got several: x:v1, x:latest, b.json',
      'expected an image x:v2, got x:v1, x:latest, b.json',
    ])
  })

  it.for([
    ['no images', [], FormatError, 'MALFORMED'],
    ['no config', [{}], SchemaError, 'SCHEMA'],
    ['an object', {}, SchemaError, 'SCHEMA'],
  ] as const)('refuses a manifest.json with %s', async ([, list, Class, code]) => {
    const store = await storeOf([], list)
    const error = await expectCode(() => store.resolve(), Class, code)
    expect(error.at?.path).toMatch(/^x\.tar/)
  })

  it('refuses a file that is there twice, and takes a folder that is', async () => {
    const twice = (name: string, type?: string): Promise<unknown> => {
      const entry = { name, ...(type === undefined ? { content: 'x' } : { type }) }
      return readArchive(bytesSource(samples.tarOf([entry, entry]), { path: 'x.tar' }), 'docker-archive')
    }
    const error = await expectCode(() => twice('manifest.json'), FormatError, 'MALFORMED')
    expect(error.message).toBe(
      'docker-archive: expected each file once, got manifest.json again: readers take different ones',
    )
    expect(error.at).toMatchObject({ path: 'x.tar', offset: 1024 })
    await expect(twice('blobs/', '5')).resolves.toBeDefined()
  })

  it('refuses a manifest.json beyond bounds', async () => {
    const store = await storeOf([], 'x'.repeat(5 << 20))
    const error = await expectCode(() => store.resolve(), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.path).toBe('x.tar!manifest.json')
  })
})

describeHostile(
  'docker-archive',
  { archive: () => samples.tarOfFiles(samples.dockerFiles(samples.imageOf([TAR]))) },
  async (source) => {
    const tree = await readArchive(source, 'docker-archive')
    const store = dockerStore({ kind: 'docker-archive', path: source.where.path ?? '' }, tree)
    const { config, layers } = await manifestOf(store)
    for (const descriptor of [config, ...layers]) await readAll(await store.open(descriptor), 1 << 20)
  },
)
