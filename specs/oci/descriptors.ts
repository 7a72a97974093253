// Members of a descriptor that lead clients away from the bytes under its digest:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
import { layerCompression } from '#harness/oci/image/media-types.ts'
import type { LayerContent } from '#harness/oci/image/layer.ts'
import type { Descriptor } from '#harness/oci/image/schemas.ts'

/** Layers that are not pushed with their image; deprecated since image-spec 1.1. */
const NOT_COPIED = /\.(?:nondistributable|foreign)\./

/**
 * containerd asks `urls` before the registry and gives up where one does not answer (core/remotes/docker/fetcher.go,
 * v2.1); go-containerregistry takes a config from `data`, and refuses the image where that is not the blob
 * (pkg/v1/remote/image.go, v0.20); crane and skopeo leave foreign layers behind.
 */
export function elsewhereFindings({ digest, mediaType, urls, data }: Descriptor): readonly string[] {
  return [
    ...(urls === undefined || urls.length === 0 ? [] : [`${digest}: urls, which containerd asks before the registry`]),
    ...(data === undefined ? [] : [`${digest}: data, which clients take for the blob`]),
    ...(NOT_COPIED.test(mediaType) ? [`${digest}: ${mediaType}, which is left behind when the image is copied`] : []),
  ]
}

/**
 * containerd fetches nothing that is for another platform, config and layers included (core/images/handlers.go,
 * FilterPlatforms, v2.1).
 */
export function platformFindings({ digest, platform }: Descriptor, wanted: string): readonly string[] {
  return platform === undefined || (platform.os === 'linux' && platform.architecture === wanted)
    ? []
    : [`${digest}: for ${platform.os}/${platform.architecture}, which an ${wanted} machine does not fetch`]
}

/** containerd takes a layer for a plain tar where its media type says so (core/images/mediatypes.go, DiffCompression, v2.1). */
export function compressionFindings(
  layers: readonly LayerContent[],
  descriptors: readonly Descriptor[],
): readonly string[] {
  return layers.flatMap(({ compression }, at) => {
    const { digest, mediaType = '' } = descriptors[at] ?? {}
    const claimed = layerCompression(mediaType)
    return claimed === undefined || claimed === compression
      ? []
      : [`${digest}: expected a compression of ${claimed}, as ${mediaType} says, got ${compression}`]
  })
}
