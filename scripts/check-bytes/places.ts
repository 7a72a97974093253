// The places of an image where a byte can be damaged, at every depth, each with the way back: what is put in comes out
// as an image whose sizes, checksums and digests around it are right again.
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { rememberBlob, layerBlob } from '#fixtures/counterexamples/editor/layer-blob.ts'
import {
  editConfig,
  readFile,
  replaceFile,
  type CandidateImage,
  type LayerFiles,
} from '#fixtures/counterexamples/candidate.ts'
import { bytesSource } from '#harness/bytes/source.ts'
import { readUki } from '#harness/formats/uki/uki.ts'
import { initrdPlaces } from './initrd-places.ts'
import { free, freeInConfig, timesInTar } from './free.ts'
import { within, type Place } from './place.ts'

const UKI_PATH = 'usr/install/arm64/vmlinuz.efi'
const BOOT_PATH = 'usr/install/arm64/systemd-boot.efi'

export async function placesOf(image: CandidateImage): Promise<readonly Place[]> {
  return [
    await configPlace(image),
    ...(await layerPlaces(image)),
    ...(await ukiPlaces(image)),
    bootPlace(image),
    ...(await initrdPlaces(image)),
  ]
}

async function configPlace(image: CandidateImage): Promise<Place> {
  const diffIds = await Promise.all(image.layers.map(async (layer) => (await layerBlob(layer)).diffId))
  const baseline = editConfig(image, (config) => ({ ...config, rootfs: { ...config.rootfs, diff_ids: diffIds } }))
  const bytes = Buffer.from(JSON.stringify(baseline.config))
  return {
    depth: 'config',
    name: 'config',
    bytes,
    free: freeInConfig(bytes),
    put: (damaged) => ({ image, tamper: { config: () => damaged } }),
  }
}

/** Headers and padding of a tar, and what is in the first layer, whose files no other place has. */
async function layerPlaces(image: CandidateImage): Promise<readonly Place[]> {
  return (
    await Promise.all(
      image.layers.map(async (layer, index) => {
        const stored = await layerBlob(layer)
        const tar = await promisify(gunzip)(stored.bytes)
        const name = `layer ${index}`
        const pinned = index === 0
        const whole = {
          name,
          bytes: tar,
          free: pinned ? [] : timesInTar(tar),
          put: async (damaged: Uint8Array) => ({ image: await withTar(image, index, damaged) }),
        }
        const compressed: Place = {
          depth: 'layer, compressed',
          name,
          bytes: stored.bytes,
          free: [free('compression', 0, stored.bytes.length)],
          put: (damaged) => ({ image: withBlob(image, index, damaged, tar) }),
        }
        return [
          { depth: pinned ? 'base layer' : 'artifacts layer', ...whole },
          ...tarHeaders(tar).map((at) => within({ depth: 'tar header', ...whole }, at, 512)),
          compressed,
        ]
      }),
    )
  ).flat()
}

async function withTar(image: CandidateImage, index: number, tar: Uint8Array): Promise<CandidateImage> {
  return withBlob(image, index, await promisify(gzip)(tar, { level: 1 }), tar)
}

/** The blob as it is; `tar` is what config calls the layer. */
function withBlob(image: CandidateImage, index: number, blob: Uint8Array, tar: Uint8Array): CandidateImage {
  const entries: LayerFiles = [...(image.layers[index] ?? [])]
  rememberBlob(entries, blob, tar)
  return { ...image, layers: image.layers.with(index, entries) }
}

function tarHeaders(tar: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    found.push(at)
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0
    at += 512 + Math.ceil(size / 512) * 512
  }
  return found
}

async function ukiPlaces(image: CandidateImage): Promise<readonly Place[]> {
  const bytes = Buffer.from(readFile(image, UKI_PATH))
  const { pe, stubSections, appended } = await readUki(bytesSource(bytes))
  const stamp = bytes.readUInt32LE(0x3c) + 8
  const whole: Place = {
    depth: 'uki, rest',
    name: UKI_PATH,
    bytes,
    free: [free('time', stamp, 4)],
    put: (damaged) => ({ image: replaceFile(image, UKI_PATH, damaged) }),
  }
  const sections = appended.filter(({ name }) => name !== '.linux' && name !== '.initrd')
  return [
    whole,
    within({ ...whole, depth: 'uki headers' }, 0, pe.sizeOfHeaders),
    ...stubSections.map(({ offset, rawSize }) => within({ ...whole, depth: 'stub' }, offset, rawSize)),
    ...sections.map(({ offset, rawSize }) => within({ ...whole, depth: 'uki section' }, offset, rawSize)),
    ...appended.map(({ offset, virtualSize, rawSize }) =>
      within({ ...whole, depth: 'uki padding' }, offset + virtualSize, rawSize - virtualSize),
    ),
  ].filter((place) => place.bytes.length > 0)
}

function bootPlace(image: CandidateImage): Place {
  return {
    depth: 'systemd-boot',
    name: BOOT_PATH,
    bytes: readFile(image, BOOT_PATH),
    free: [],
    put: (damaged) => ({ image: replaceFile(image, BOOT_PATH, damaged) }),
  }
}
