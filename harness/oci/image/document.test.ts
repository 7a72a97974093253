import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { descriptorOf, imageOf, indexOf, json, manifestDescriptor, tarOf } from '../../testing/oci-samples.ts'
import { readDocument } from './document.ts'
import { OCI_INDEX, OCI_MANIFEST } from './media-types.ts'

const image = imageOf([tarOf([{ name: 'a' }])])
const index = indexOf([manifestDescriptor(image, { platform: { os: 'linux', architecture: 'arm64' } })])
const read = (bytes: Uint8Array, mediaType = OCI_MANIFEST) =>
  readDocument(bytesSource(bytes, { path: 'root' }), descriptorOf(bytes, mediaType))

describe('readDocument', () => {
  it('distinguishes manifest and index by their shape, not by the media type that is claimed', async () => {
    expect(await read(image.manifest, OCI_INDEX)).toMatchObject({ kind: 'manifest', document: { layers: [{}] } })
    expect(await read(index, OCI_MANIFEST)).toMatchObject({ kind: 'index', document: { manifests: [{}] } })
    expect((await read(index)).bytes).toEqual(index)
  })

  it('reads a document that is both as its descriptor says, and says so (CVE-2021-41190)', async () => {
    const both = json({ ...(JSON.parse(image.manifest.toString()) as object), manifests: [] })
    expect(await read(both, OCI_MANIFEST)).toMatchObject({ kind: 'manifest', ambiguous: true })
    expect(await read(both, OCI_INDEX)).toMatchObject({ kind: 'index', ambiguous: true })
    expect(await read(both, 'application/json')).toMatchObject({ kind: 'index', ambiguous: true })
    for (const valid of [image.manifest, index]) expect(await read(valid)).toMatchObject({ ambiguous: false })
  })

  it("refuses Docker's schema 1, what is neither, and what is too big", async () => {
    const errors = [
      await expectCode(() => read(json({ schemaVersion: 1, fsLayers: [] })), FormatError, 'UNSUPPORTED'),
      await expectCode(() => read(json({ schemaVersion: 2 })), SchemaError, 'SCHEMA'),
      await expectCode(() => read(json({ schemaVersion: 2, manifests: 7 })), SchemaError, 'SCHEMA'),
      await expectCode(() => read(json(null)), SchemaError, 'SCHEMA'),
      await expectCode(() => read(Buffer.from('<html>')), FormatError, 'MALFORMED'),
      await expectCode(() => read(Buffer.alloc((4 << 20) + 1)), FormatError, 'LIMIT_EXCEEDED'),
    ]
    expect(errors.map(({ at }) => at)).toEqual(Array.from({ length: 6 }, () => ({ path: 'root' })))
  })
})

describeHostile('manifests', { manifest: () => image.manifest, index: () => index }, (source) =>
  readDocument(source, descriptorOf(Buffer.alloc(0), OCI_MANIFEST)),
)
