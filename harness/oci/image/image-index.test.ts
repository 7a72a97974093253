import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, NotFoundError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import * as samples from '../../testing/oci-samples.ts'
import { openImage } from './image.ts'
import { OCI_INDEX, OCI_MANIFEST } from './media-types.ts'

const spool = new Spool(tmpdir())
afterAll(() => spool.close())

const LAYER = samples.tarOf([{ name: 'a' }])
const arm64 = samples.imageOf([LAYER, LAYER])
const amd64 = samples.imageOf([LAYER], { architecture: 'amd64' })
const platform = (architecture: string, variant?: string) => ({
  platform: { os: 'linux', architecture, ...(variant !== undefined && { variant }) },
})

type Blobs = ReadonlyMap<Digest, Uint8Array>

const openRoot = (root: object, blobs: Blobs) => openImage(samples.memoryStore(root, blobs), { spool })

function openIndex(children: readonly object[], blobs: Blobs = new Map([...arm64.blobs, ...amd64.blobs])) {
  const index = samples.indexOf(children)
  return openRoot(samples.descriptorOf(index, OCI_INDEX), new Map([...blobs, [digestOf(index), index]]))
}

describe('openImage on an index', () => {
  it('takes the one image for linux/arm64', async () => {
    const image = await openIndex([
      samples.manifestDescriptor(amd64, platform('amd64')),
      samples.manifestDescriptor(arm64, platform('arm64', 'v8')),
    ])
    expect(image.root.kind).toBe('index')
    expect([image.children.length, image.candidates.length]).toEqual([2, 1])
    expect((await image.documents()).at(-1)?.bytes).toEqual(arm64.manifest)
    expect((await image.documents()).map(({ kind }) => kind)).toEqual(['index', 'manifest'])
    expect((await image.blobs()).map(({ role }) => role)).toEqual([
      'index',
      'manifest',
      'manifest',
      'config',
      'layer',
      'layer',
    ])
  })

  it('sets the platform that a child declares beside the one in its config', async () => {
    const missing = { ...samples.descriptorOf(Buffer.from('gone'), OCI_MANIFEST), ...platform('s390x') }
    const image = await openIndex([
      samples.manifestDescriptor(arm64, platform('arm64', 'v8')),
      samples.manifestDescriptor(amd64, platform('riscv64')),
      samples.manifestDescriptor(amd64, { platform: { os: 'unknown', architecture: 'unknown' } }),
      missing,
    ])
    expect(await image.childPlatforms()).toMatchObject([
      { declared: { architecture: 'arm64' }, configured: { architecture: 'arm64' } },
      { declared: { architecture: 'riscv64' }, configured: { architecture: 'amd64' } },
    ])
  })

  it('says of children that are not there that they are not', async () => {
    const image = await openIndex(
      [samples.manifestDescriptor(amd64, platform('amd64')), samples.manifestDescriptor(arm64, platform('arm64'))],
      arm64.blobs,
    )
    const blobs = await image.blobs()
    expect(blobs.map(({ computed }) => computed !== undefined)).toEqual([true, false, true, true, true, true])
  })

  it('lists what it can where the selected child is missing', async () => {
    const image = await openIndex([samples.manifestDescriptor(arm64, platform('arm64'))], new Map())
    expect(await image.blobs()).toMatchObject([{ role: 'index' }, { role: 'manifest', computed: undefined }])
    const error = await expectCode(() => image.layers, NotFoundError, 'MANIFEST_UNKNOWN')
    expect(error.at?.digest).toBe(digestOf(arm64.manifest))
  })

  it('opens without a selection, and gives the reason to whoever needs one', async () => {
    const image = await openIndex([samples.manifestDescriptor(amd64, platform('amd64'))])
    expect(image.selection).toEqual({ reason: 'expected one manifest for linux/arm64 in the index, got linux/amd64' })
    const error = await expectCode(() => image.manifest(), NotFoundError, 'MANIFEST_UNKNOWN')
    expect(error.message).toBe('expected one manifest for linux/arm64 in the index, got linux/amd64')
    expect((await image.blobs()).map(({ role }) => role)).toEqual(['index', 'manifest'])
  })

  it('does not descend into an index of an index', async () => {
    const inner = samples.indexOf([samples.manifestDescriptor(arm64, platform('arm64'))])
    const child = { ...samples.descriptorOf(inner, OCI_INDEX), ...platform('arm64') }
    const image = await openIndex([child], new Map([...arm64.blobs, [digestOf(inner), inner]]))
    const error = await expectCode(() => image.config(), FormatError, 'MALFORMED')
    expect(error.at?.digest).toBe(digestOf(inner))
  })

  it('does not hide a selected manifest that cannot be read', async () => {
    const broken = samples.json({ schemaVersion: 2 })
    const child = { ...samples.descriptorOf(broken, OCI_MANIFEST), ...platform('arm64') }
    const image = await openIndex([child], new Map([[digestOf(broken), broken]]))
    const error = await expectCode(() => image.blobs(), SchemaError, 'SCHEMA')
    expect(error.at?.digest).toBe(digestOf(broken))
  })
})
