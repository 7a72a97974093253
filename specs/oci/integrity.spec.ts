// Claims of descriptors against the bytes: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md.
import { isConfig, isIndex, isLayer, isManifest } from '#harness/oci/image/media-types.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import { architectureOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { compressionFindings, elsewhereFindings, platformFindings } from './descriptors.ts'
import { artifactFindings, layerFindings } from './layers.ts'

test(
  ...must('OCI-002', "every descriptor's digest and size equal the bytes it names", {
    targets: ['image'],
    needs: ['OCI-001'],
    fix: 'push or copy the image again: these are not the bytes that were published under this digest',
  }),
  async ({ image, judge }) => {
    // Children for other platforms may be left out of a copy; what is there must be what it claims.
    const blobs = (await image.blobs()).filter(({ computed, role }) => computed !== undefined || role !== 'manifest')
    judge(
      blobs.map(({ role, computed }) => ({ role, ...computed })),
      image.where,
    ).toEqual(blobs.map(({ role, claimed }) => ({ role, ...claimed })))
  },
)

test(
  ...must('OCI-004', "each diff_id is the sha256 of its layer's uncompressed tar", {
    targets: ['image'],
    needs: ['OCI-001', 'OCI-002'],
    fix: 'write config and layers in one build: the order of diff_ids is the order of the layers',
  }),
  async ({ image, judge }) => {
    const layers = await Promise.all(image.layers.map((layer) => layer.read()))
    const { rootfs } = await image.config()
    judge(rootfs.diff_ids ?? [], image.where).toEqual(layers.map(({ diffId }) => diffId))
  },
)

test(
  ...must(
    'OCI-005',
    'media types are of the OCI or the Docker family, a document is never both manifest and index, and no content is elsewhere than under its digest',
    {
      targets: ['image'],
      needs: ['OCI-001'],
      fix: 'push the image again with a current client; clients that read one document in two ways disagree about what they run',
    },
  ),
  async ({ image, contract, judge }) => {
    const documents = await image.documents()
    judge(
      documents.filter(({ ambiguous }) => ambiguous).map(({ descriptor }) => descriptor.digest),
      image.where,
    ).toEqual([])
    const wrong = documents.flatMap(({ kind, descriptor, document }) => {
      const isOwn = kind === 'index' ? isIndex : isManifest
      const types = [descriptor.mediaType, document.mediaType ?? descriptor.mediaType]
      return types.filter((type) => !isOwn(type)).map((type) => `${kind}: ${type}`)
    })
    judge(wrong, image.where).toEqual([])
    // Docker refuses a manifest that is served under another type than its own (distribution, manifest/schema2).
    judge(
      documents.map(({ document, descriptor }) => document.mediaType ?? descriptor.mediaType),
      image.where,
    ).toEqual(documents.map(({ descriptor }) => descriptor.mediaType))
    const { config, layers } = await image.manifest()
    judge(
      [
        ...[config].filter(({ mediaType }) => !isConfig(mediaType)),
        ...layers.filter(({ mediaType }) => !isLayer(mediaType)),
      ].map(({ mediaType }) => mediaType),
      image.where,
    ).toEqual([])
    judge(
      [
        ...[config, ...layers, ...documents.map(({ descriptor }) => descriptor)].flatMap(elsewhereFindings),
        ...[config, ...layers].flatMap((one) => platformFindings(one, architectureOf(contract))),
      ],
      image.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'OCI-006',
    'containerd unpacks each layer as it is listed: no path twice, none outside the root, no device node, no header that Go refuses or reads otherwise, no whiteout for a file of the same layer, nothing behind the end, compressed as its media type says',
    {
      targets: ['image'],
      needs: ['OCI-001', 'OCI-002', 'OCI-004'],
      fix: 'build the layers with a tool that writes each path once and below the root, such as crane, docker or buildkit',
    },
  ),
  async ({ image, judge }) => {
    const layers = await Promise.all(image.layers.map((layer) => layer.read()))
    const { layers: descriptors } = await image.manifest()
    judge([...layerFindings(layers), ...compressionFindings(layers, descriptors)], image.where).toEqual([])
  },
)

test(
  ...must(
    'OCI-020',
    'the artifacts layer is the tar that archive/tar of Go writes of its files: plain ustar headers without names of owners, two blocks of NUL at the end (times are free)',
    {
      targets: ['image'],
      needs: ['OCI-006'],
      fix: 'let imager or `npx talos-image build` write the layer, and append it as it is',
    },
  ),
  async ({ image, judge }) => {
    const layers = await Promise.all(image.layers.map((layer) => layer.read()))
    judge(layers.filter(({ tree }) => tree.has(UKI_PATH)).flatMap(artifactFindings), image.where).toEqual([])
  },
)
