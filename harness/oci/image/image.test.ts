import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import { readAll } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, NotFoundError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import * as samples from '../../testing/oci-samples.ts'
import { openImage, type OciImage } from './image.ts'
import { OCI_MANIFEST } from './media-types.ts'

const spool = new Spool(tmpdir())
afterAll(() => spool.close())

const LOWER = samples.tarOf([{ name: 'a', content: 'lower' }, { name: 'b' }])
const UPPER = samples.tarOf([{ name: 'a', content: 'upper' }, { name: '.wh.b' }])
const arm64 = samples.imageOf([LOWER, UPPER])

type Blobs = ReadonlyMap<Digest, Uint8Array>

const openRoot = (root: object, blobs: Blobs) => openImage(samples.memoryStore(root, blobs), { spool })
const openPlain = (image = arm64) => openRoot(samples.manifestDescriptor(image), image.blobs)

/** A manifest that is not what `imageOf` makes, and whatever blobs it has. */
function openManifest(change: object, more: readonly Uint8Array[] = []): Promise<OciImage> {
  const manifest = samples.json({ ...(JSON.parse(arm64.manifest.toString()) as object), ...change })
  const blobs = new Map([...arm64.blobs, ...[manifest, ...more].map((bytes) => [digestOf(bytes), bytes] as const)])
  return openRoot(samples.descriptorOf(manifest, OCI_MANIFEST), blobs)
}

describe('openImage on a plain manifest', () => {
  it('gives manifest and config, raw and parsed', async () => {
    const image = await openPlain()
    expect(image).toMatchObject({ name: 'memory', where: { path: 'memory', digest: digestOf(arm64.manifest) } })
    expect(image.root).toMatchObject({ kind: 'manifest', bytes: arm64.manifest })
    expect([image.children, image.candidates]).toEqual([[], []])
    expect(image.selection).toEqual({ manifest: image.root.descriptor })
    expect(await image.rawConfig()).toEqual(arm64.config)
    expect(await image.config()).toMatchObject({ architecture: 'arm64', os: 'linux' })
    expect(await image.documents()).toEqual([image.root])
    expect(await image.childPlatforms()).toEqual([])
  })

  it('gives labels and environment, also where there are none', async () => {
    const image = await openPlain()
    expect(await image.labels()).toEqual(new Map([['alpha.talos.dev/version', 'v1.11.5']]))
    expect(await image.env()).toEqual(
      new Map([
        ['PATH', '/bin'],
        ['VERSION', 'v1.11.5'],
      ]),
    )
    const bare = await openPlain(samples.imageOf([], { config: null }))
    expect([await bare.labels(), await bare.env()]).toEqual([new Map(), new Map()])
    const odd = await openPlain(samples.imageOf([], { config: { Env: ['A=1=2', 'A=3', 'B'] } }))
    expect(await odd.env()).toEqual(
      new Map([
        ['A', '3'],
        ['B', ''],
      ]),
    )
  })

  it('gives layers one by one and all together', async () => {
    const image = await openPlain()
    expect(image.layers.map(({ index, descriptor }) => [index, descriptor.size])).toEqual(
      arm64.layers.map((layer, index) => [index, layer.length]),
    )
    const contents = await Promise.all(image.layers.map((layer) => layer.read()))
    expect(contents.map(({ diffId }) => diffId)).toEqual([digestOf(LOWER), digestOf(UPPER)])
    const tree = await image.tree()
    const file = tree.get('a')
    expect([...tree.entries()].map(({ path }) => path)).toEqual(['a'])
    expect(file?.data && Buffer.from(await readAll(file.data, 10)).toString()).toBe('upper')
    expect(file?.origin.digest).toBe(image.layers[1]?.descriptor.digest)
  })

  it('opens every blob once for all who ask', async () => {
    const opened = new Map<Digest, number>()
    const twice = samples.imageOf([LOWER, LOWER])
    const image = await openImage(samples.memoryStore(samples.manifestDescriptor(twice), twice.blobs, opened), {
      spool,
    })
    await Promise.all([image.config(), image.config(), image.labels(), image.tree(), image.tree()])
    await Promise.all(image.layers.map((layer) => layer.read()))
    expect([...opened.values()]).toEqual([1, 1, 1])
  })

  it('sets what is claimed beside what is stored', async () => {
    const image = await openPlain()
    const blobs = await image.blobs()
    expect(blobs.map(({ role }) => role)).toEqual(['manifest', 'config', 'layer', 'layer'])
    for (const { claimed, computed } of blobs) expect(computed).toEqual(claimed)
  })

  it('gives both values for a digest and a size that are wrong, and reads on', async () => {
    const [layer = Buffer.alloc(0)] = arm64.layers
    const claimed = { mediaType: 'x', digest: digestOf(Buffer.from('other')), size: 5 }
    const manifest = samples.json({
      schemaVersion: 2,
      config: samples.descriptorOf(arm64.config, 'x'),
      layers: [claimed],
    })
    const blobs = new Map([...arm64.blobs, [digestOf(manifest), manifest], [claimed.digest, layer]] as const)
    const root = { ...samples.descriptorOf(manifest, OCI_MANIFEST), size: 1 }
    const image = await openRoot(root, blobs)
    const [manifestBlob, , layerBlob] = await image.blobs()
    expect(manifestBlob).toMatchObject({ claimed: { size: 1 }, computed: { size: manifest.length } })
    expect(layerBlob?.claimed).toEqual({ digest: claimed.digest, size: 5 })
    expect(layerBlob?.computed).toEqual({ digest: digestOf(layer), size: layer.length })
    expect((await image.tree()).has('a')).toBe(true)
  })

  it('computes by the algorithm that is claimed', async () => {
    const config = { ...samples.descriptorOf(arm64.config, 'x'), digest: digestOf(arm64.config, 'sha512') }
    const manifest = samples.json({ schemaVersion: 2, config, layers: [] })
    const blobs = new Map([manifest, arm64.config].map((bytes) => [digestOf(bytes), bytes] as const))
    const image = await openRoot(samples.descriptorOf(manifest, OCI_MANIFEST), blobs.set(config.digest, arm64.config))
    expect((await image.blobs())[1]?.computed).toEqual({ digest: config.digest, size: config.size })
  })

  it('measures a layer that cannot be read, and says of a missing one that it is not there', async () => {
    const broken = Buffer.from('no tar')
    const gone = samples.descriptorOf(Buffer.from('gone'), 'x')
    const image = await openManifest({ layers: [samples.descriptorOf(broken, 'x'), gone] }, [broken])
    expect((await image.blobs()).map(({ computed }) => computed).slice(2)).toEqual([
      { digest: digestOf(broken), size: broken.length },
      undefined,
    ])
    const errors = [
      await expectCode(() => image.layers[0]?.read(), FormatError, 'TRUNCATED'),
      await expectCode(() => image.layers[1]?.read(), NotFoundError, 'BLOB_UNKNOWN'),
      await expectCode(() => image.layers[1]?.computed(), NotFoundError, 'BLOB_UNKNOWN'),
    ]
    expect(errors.map(({ at }) => at?.digest)).toEqual([digestOf(broken), gone.digest, gone.digest])
  })

  it('remembers a failure', async () => {
    const opened = new Map<Digest, number>()
    const config = Buffer.from('{}')
    const manifest = samples.json({ schemaVersion: 2, config: samples.descriptorOf(config, 'x'), layers: [] })
    const blobs = new Map([manifest, config].map((bytes) => [digestOf(bytes), bytes] as const))
    const image = await openImage(samples.memoryStore(samples.descriptorOf(manifest, OCI_MANIFEST), blobs, opened), {
      spool,
    })
    const first = await expectCode(() => image.config(), SchemaError, 'SCHEMA')
    expect(await expectCode(() => image.labels(), SchemaError, 'SCHEMA')).toBe(first)
    expect(first.at).toEqual({ path: 'memory', digest: digestOf(config) })
    expect(opened.get(digestOf(config))).toBe(1)
  })

  it('stops at 500 layers and at a config of 8 MiB', async () => {
    const layer = samples.descriptorOf(arm64.layers[0] ?? Buffer.alloc(0), 'x')
    const many = await openManifest({ layers: Array.from({ length: 501 }, () => layer) })
    const big = Buffer.alloc((8 << 20) + 1, ' ')
    const heavy = await openManifest({ config: samples.descriptorOf(big, 'x') }, [big])
    const errors = [
      await expectCode(() => many.layers, FormatError, 'LIMIT_EXCEEDED'),
      await expectCode(() => heavy.config(), FormatError, 'LIMIT_EXCEEDED'),
    ]
    expect(errors.map(({ at }) => at?.path?.startsWith('memory'))).toEqual([true, true])
    expect((await openManifest({ layers: Array.from({ length: 500 }, () => layer) })).layers).toHaveLength(500)
  })
})

const CONFIG = samples.descriptorOf(arm64.config, 'x').digest
describeHostile('config', { config: () => arm64.config }, async (source) => {
  const bytes = await readAll(source, 1 << 20)
  const store = samples.memoryStore(samples.manifestDescriptor(arm64), new Map([...arm64.blobs, [CONFIG, bytes]]))
  const image = await openImage({ ...store, name: source.where.path ?? '' }, { spool })
  await Promise.all([image.config(), image.labels(), image.env(), image.tree(), image.blobs()])
})
