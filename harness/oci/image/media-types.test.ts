import { describe, expect, it } from 'vitest'
import * as types from './media-types.ts'

describe('media types', () => {
  it.for([
    [types.OCI_INDEX, 'oci', 'index'],
    [types.DOCKER_INDEX, 'docker', 'index'],
    [types.OCI_MANIFEST, 'oci', 'manifest'],
    [types.DOCKER_MANIFEST, 'docker', 'manifest'],
    [types.OCI_CONFIG, 'oci', 'config'],
    [types.DOCKER_CONFIG, 'docker', 'config'],
    [types.OCI_LAYER_ZSTD, 'oci', 'layer'],
    [types.DOCKER_LAYER_GZIP, 'docker', 'layer'],
    ['application/vnd.oci.empty.v1+json', 'oci', undefined],
    ['application/vnd.docker.distribution.manifest.v1+json', 'docker', undefined],
    ['application/json', undefined, undefined],
  ] as const)('%s is of family %s, a %s', ([mediaType, family, kind]) => {
    expect(types.mediaFamily(mediaType)).toBe(family)
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
