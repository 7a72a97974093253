// The media types of the OCI and Docker families, which registries mix freely:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md
// https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/manifest-v2-2.md

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const OCI_LAYER_GZIP = `${OCI_LAYER}+gzip`
export const OCI_LAYER_ZSTD = `${OCI_LAYER}+zstd`
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'
export const DOCKER_LAYER_GZIP = `${DOCKER_LAYER}.gzip`
export const DOCKER_LAYER_ZSTD = `${DOCKER_LAYER}.zstd`

export type LayerCompression = 'none' | 'gzip' | 'zstd'

const INDEXES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_INDEX])
const MANIFESTS: ReadonlySet<string> = new Set([OCI_MANIFEST, DOCKER_MANIFEST])
const CONFIGS: ReadonlySet<string> = new Set([OCI_CONFIG, DOCKER_CONFIG])

/** Layers whose bytes may live elsewhere only; Docker calls them foreign. Deprecated since image-spec 1.1. */
const LAYERS: ReadonlyMap<string, LayerCompression> = new Map([
  [OCI_LAYER, 'none'],
  [OCI_LAYER_GZIP, 'gzip'],
  [OCI_LAYER_ZSTD, 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'zstd'],
  [DOCKER_LAYER, 'none'],
  [DOCKER_LAYER_GZIP, 'gzip'],
  [DOCKER_LAYER_ZSTD, 'zstd'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar', 'none'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
])

export function isIndex(mediaType: string): boolean {
  return INDEXES.has(mediaType)
}

/** A manifest of one image; not an index. */
export function isManifest(mediaType: string): boolean {
  return MANIFESTS.has(mediaType)
}

export function isConfig(mediaType: string): boolean {
  return CONFIGS.has(mediaType)
}

export function isLayer(mediaType: string): boolean {
  return LAYERS.has(mediaType)
}

/** The compression that a layer's media type claims; undefined for what is no layer of either family. */
export function layerCompression(mediaType: string): LayerCompression | undefined {
  return LAYERS.get(mediaType)
}
