import { describe, expect, it } from 'vitest'
import * as types from './media-types.ts'

describe('media types', () => {
  it.for([
    [types.OCI_INDEX, 'index'],
    [types.DOCKER_INDEX, 'index'],
    [types.OCI_MANIFEST, 'manifest'],
    [types.DOCKER_MANIFEST, 'manifest'],
    [types.OCI_CONFIG, 'config'],
    [types.DOCKER_CONFIG, 'config'],
    [types.OCI_LAYER_ZSTD, 'layer'],
    [types.DOCKER_LAYER_GZIP, 'layer'],
    ['application/vnd.oci.empty.v1+json', undefined],
    ['application/vnd.docker.distribution.manifest.v1+json', undefined],
    ['application/json', undefined],
  ] as const)('%s is %s', ([mediaType, kind]) => {
    expect(types.isIndex(mediaType)).toBe(kind === 'index')
    expect(types.isManifest(mediaType)).toBe(kind === 'manifest')
    expect(types.isConfig(mediaType)).toBe(kind === 'config')
    expect(types.isLayer(mediaType)).toBe(kind === 'layer')
  })

  it.for([
    ['application/vnd.oci.image.layer.v1.tar', 'none'],
    ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
    ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
    ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
    ['application/octet-stream', undefined],
  ] as const)('%s claims %s', ([mediaType, compression]) => {
    expect(types.layerCompression(mediaType)).toBe(compression)
  })
})
