// The places of an image where a byte can be damaged, at every depth, each with the way back: what is put in comes out
// as an image whose sizes, checksums and digests around it are right again.
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { rememberBlob, layerBlob } from '#fixtures/counterexamples/editor/layer-blob.ts'
import {
  editConfig,
  readFile,
  readSection,
  replaceFile,
  type CandidateImage,
  type LayerFiles,
  type Tamper,
} from '#fixtures/counterexamples/candidate.ts'
import { bytesSource } from '#harness/bytes/source.ts'
import { readUki } from '#harness/formats/uki/uki.ts'
import { initrdPlaces } from './initrd-places.ts'
import { free, timesInJson, timesInTar, type Free } from './free.ts'

export type Damaged = { readonly image: CandidateImage; readonly tamper?: Tamper }

export type Place = {
  /** `config`, `uki headers`, `cpio headers`, …: what the table of results counts by. */
  readonly depth: string
  /** The file, section or member it lies in. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Ranges of `bytes` that a rule need not know. */
  readonly free: readonly Free[]
  put(bytes: Uint8Array): Damaged | Promise<Damaged>
}

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
  const sound = editConfig(image, (config) => ({ ...config, rootfs: { ...config.rootfs, diff_ids: diffIds } }))
  const bytes = Buffer.from(JSON.stringify(sound.config))
  return {
    depth: 'config',
    name: 'config',
    bytes,
    free: timesInJson(bytes),
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

/** The tar with the checksum of the header at `at` made right. */
function withChecksum(tar: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(tar)
  copy.fill(0x20, at + 148, at + 156)
  const sum = copy.subarray(at, at + 512).reduce((total, byte) => total + byte, 0)
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1')
  return copy
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

/** A part of a place as a place of its own; a header of a tar gets its checksum back. */
export function within(place: Place, offset: number, size: number): Place {
  const { bytes } = place
  const isHeader = place.depth === 'tar header'
  return {
    ...place,
    bytes: bytes.subarray(offset, offset + size),
    free: place.free.map((one) => ({ ...one, offset: one.offset - offset })),
    put: (damaged) => {
      const joined = Buffer.concat([bytes.subarray(0, offset), damaged, bytes.subarray(offset + size)])
      return place.put(isHeader && damaged.length === size ? withChecksum(joined, offset) : joined)
    },
  }
}

export { readSection }
