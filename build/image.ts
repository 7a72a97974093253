// The two images of a variant: the installer on upstream's base, as imager makes it (siderolabs/talos
// pkg/imager/out.go), and the asset tree FROM scratch.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
import { createHash } from 'node:crypto'
import { makeDigest, type Digest } from '#harness/bytes/digest.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { openImage } from '#harness/oci/image/image.ts'
import {
  layerCompression,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from '#harness/oci/image/media-types.ts'
import { SYSTEMD_BOOT_PATH, UKI_PATH } from '#harness/talos/installer.ts'
import { BuildError } from './build-error.ts'
import type { Content } from './formats/content.ts'
import { gzipStored } from './formats/gzip-stored.ts'
import { tarChunks, type StreamedTarFile } from './formats/tar-layer.ts'
import type { BlobDescriptor, LayoutWriter } from './layout.ts'
import type { Plan } from './plan.ts'
import { openPinned, type UpstreamParts } from './upstream/upstream.ts'

/** An image in a layout, and how many bytes all of it takes there. */
export type WrittenImage = { readonly manifest: BlobDescriptor; readonly size: number }

type Layer = { readonly blob: BlobDescriptor; readonly diffId: Digest; readonly createdBy: string }
type ImagePlan = Pick<Plan, 'architecture' | 'labels' | 'sourceDate' | 'installerBase'>

const LAYER_TYPES = { none: OCI_LAYER, gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD } as const

/** The installer: base layer, artifacts layer, that of an overlay, the base's configuration with our labels. */
export async function writeInstaller(
  layout: LayoutWriter,
  upstream: UpstreamParts,
  plan: ImagePlan,
  artifacts: { readonly uki: Content; readonly systemdBoot: Content },
  overlay: readonly StreamedTarFile[] | undefined,
  spool: Spool,
): Promise<WrittenImage> {
  const store = await openPinned(upstream, plan.installerBase, spool)
  try {
    const image = await openImage(store, { spool })
    const base = await image.config()
    if (base.os !== 'linux' || base.architecture !== plan.architecture)
      throw new BuildError('ARCHITECTURE', `${plan.installerBase.reference} is not for linux/${plan.architecture}`, {
        at: image.where,
      })
    const layers: Layer[] = []
    // Imager keeps the first layer of a finished installer, so that one can be built on another.
    for (const { descriptor, read } of image.layers.length === 2 ? image.layers.slice(0, 1) : image.layers) {
      const compression = layerCompression(descriptor.mediaType)
      if (compression === undefined)
        throw new BuildError('EXTENSION', `expected a layer, got ${descriptor.mediaType}`, { at: image.where })
      layers.push({
        blob: await layout.addBlob(LAYER_TYPES[compression], (await store.open(descriptor)).stream()),
        diffId: (await read()).diffId,
        createdBy: plan.installerBase.reference,
      })
    }
    // Only the two files, without mode and time, as imager writes them; Talos reads them as root.
    const nothing = { type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0 } as const
    layers.push(
      await addLayer(layout, 'artifacts', [
        { name: SYSTEMD_BOOT_PATH, ...nothing, data: artifacts.systemdBoot },
        { name: UKI_PATH, ...nothing, data: artifacts.uki },
      ]),
    )
    if (overlay !== undefined) layers.push(await addLayer(layout, 'overlay', overlay))
    return await writeImage(layout, plan, layers, base.config ?? {})
  } finally {
    await store.close()
  }
}

/** An image of one layer and nothing to run. */
export async function writeAssetImage(
  layout: LayoutWriter,
  plan: ImagePlan,
  files: readonly StreamedTarFile[],
): Promise<WrittenImage> {
  return writeImage(layout, plan, [await addLayer(layout, 'assets', files)], {})
}

async function addLayer(layout: LayoutWriter, createdBy: string, files: readonly StreamedTarFile[]): Promise<Layer> {
  const hash = createHash('sha256')
  async function* tar(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of tarChunks(files)) {
      hash.update(chunk)
      yield chunk
    }
  }
  const blob = await layout.addBlob(OCI_LAYER_GZIP, gzipStored(tar()))
  return { blob, diffId: makeDigest('sha256', hash.digest('hex')), createdBy }
}

async function writeImage(
  layout: LayoutWriter,
  { architecture, labels, sourceDate }: ImagePlan,
  layers: readonly Layer[],
  config: { readonly Labels?: Readonly<Record<string, string>> | null | undefined },
): Promise<WrittenImage> {
  const created = toTime(sourceDate)
  const allLabels = Object.entries({ ...config.Labels, ...labels }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const blob = await layout.addJson(OCI_CONFIG, {
    created,
    architecture,
    os: 'linux',
    config: { ...config, Labels: Object.fromEntries(allLabels) },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
  })
  const manifest = await layout.addJson(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: blob,
    layers: layers.map((layer) => layer.blob),
  })
  return { manifest, size: layers.reduce((sum, layer) => sum + layer.blob.size, manifest.size + blob.size) }
}

/** RFC 3339 in UTC. */
export function toTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
