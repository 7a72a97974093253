import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { descriptorOf, imageOf, indexOf, manifestDescriptor } from '../../testing/oci-samples.ts'
import { readDocument, type ImageDocument } from './document.ts'
import { OCI_INDEX } from './media-types.ts'
import { candidatesOf, childrenOf, select } from './selection.ts'

const image = imageOf([])
const linux = (architecture: string, variant?: string) => ({
  platform: { os: 'linux', architecture, ...(variant !== undefined && { variant }) },
})
const ATTESTATION = { platform: { os: 'unknown', architecture: 'unknown' } }

async function rootOf(...platforms: readonly object[]): Promise<ImageDocument> {
  const bytes = indexOf(platforms.map((platform) => manifestDescriptor(image, platform)))
  return readDocument(bytesSource(bytes, { path: 'index' }), descriptorOf(bytes, OCI_INDEX))
}

describe('select', () => {
  it('takes a plain manifest as it is', async () => {
    const descriptor = descriptorOf(image.manifest, 'anything')
    const root = await readDocument(bytesSource(image.manifest, { path: 'manifest' }), descriptor)
    expect(select(root)).toEqual({ manifest: descriptor })
    expect(childrenOf(root)).toEqual([])
  })

  it.for([
    ['beside amd64', [linux('amd64'), linux('arm64')]],
    ['with its only variant', [linux('arm64', 'v8'), linux('arm', 'v7')]],
    ['with an empty variant', [linux('arm64', '')]],
    ['beside attestations', [linux('arm64'), ATTESTATION, ATTESTATION]],
  ] as const)('takes the one for linux/arm64 %s', async ([, platforms]) => {
    const root = await rootOf(...platforms)
    expect(candidatesOf(childrenOf(root))).toHaveLength(1)
    expect(select(root)).toMatchObject({ manifest: { platform: { architecture: 'arm64' } } })
  })

  it.for([
    ['nothing', [], 'got no manifests'],
    ['amd64 alone', [linux('amd64')], 'got linux/amd64'],
    ['two of them', [linux('arm64'), linux('arm64', 'v8')], 'got linux/arm64, linux/arm64/v8'],
    ['another variant', [linux('arm64', 'v9')], 'got linux/arm64/v9'],
    ['another system', [{ platform: { os: 'windows', architecture: 'arm64' } }], 'got windows/arm64'],
    ['an attestation', [ATTESTATION], 'got unknown/unknown'],
    ['no platform', [{}], 'got no platform'],
  ] as const)('says why not where there is %s', async ([, platforms, reason]) => {
    expect(select(await rootOf(...platforms))).toEqual({ reason: expect.stringContaining(reason) })
  })

  it('takes the other architecture where that is asked for', async () => {
    const root = await rootOf(linux('amd64', 'v3'), linux('amd64'), linux('arm64'), ATTESTATION)
    expect(select(root, 'amd64')).toMatchObject({ manifest: { platform: { architecture: 'amd64' } } })
    expect(select(await rootOf(linux('arm64')), 'amd64')).toEqual({
      reason: 'expected one manifest for linux/amd64 in the index, got linux/arm64',
    })
  })
})
