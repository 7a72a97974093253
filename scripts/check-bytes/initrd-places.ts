// Places inside the `.initrd` section: its segments, the archive of the extensions, and the squashfs images in it.
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { compressZstd } from '#build/formats/zstd.ts'
import {
  editExtensionFiles,
  editFile,
  editLayerTree,
  editSection,
  fileAt,
  initramfsParts,
  readSection,
  type CandidateImage,
} from '#fixtures/counterexamples/candidate.ts'
import { bytesSource } from '#harness/bytes/source.ts'
import { readZstdFrame } from '#harness/bytes/zstd-frames.ts'
import { HEADER_SIZE, parseHeader } from '#harness/formats/cpio/header.ts'
import { openSquashfs } from '#harness/formats/squashfs/reader.ts'
import { free, type Free } from './free.ts'
import { within, type Place } from './place.ts'
import { metadataPlaces } from './squashfs-places.ts'

const decompress = promisify(zstdDecompress)
/** The fastest: these images are read once. */
const LEVEL = 3

export async function initrdPlaces(image: CandidateImage): Promise<readonly Place[]> {
  const initrd = await readSection(image, '.initrd')
  const { base, extension } = await initramfsParts(image)
  const whole: Place = {
    depth: 'initrd',
    name: '.initrd',
    bytes: initrd,
    free: [],
    put: async (damaged) => ({ image: await editSection(image, '.initrd', () => damaged) }),
  }
  const places = [within({ ...whole, depth: 'base segment' }, 0, base.length)]
  if (extension === undefined) return places
  const frame = await readZstdFrame(bytesSource(initrd), base.length)
  const segment = initrd.subarray(base.length, base.length + frame.size)
  const archive = await decompress(segment)
  const stored = within({ ...whole, depth: 'extension segment, compressed' }, base.length, frame.size)
  places.push({ ...stored, free: [free('compression', 0, segment.length)] })
  const entries = cpioEntries(archive)
  const cpio: Place = {
    depth: 'cpio',
    name: 'segment 1',
    bytes: archive,
    free: entries.flatMap(({ free: ranges }) => ranges),
    put: async (damaged) =>
      within(whole, base.length, frame.size).put(await compressZstd(Uint8Array.from(damaged), LEVEL)),
  }
  const [first] = entries
  const last = entries.at(-1)
  places.push(
    cpio,
    ...entries.map(({ at, dataAt }) => within({ ...cpio, depth: 'cpio header' }, at, dataAt - at)),
    ...(first === undefined || last === undefined
      ? []
      : [within({ ...cpio, depth: 'cpio trailer' }, last.at, archive.length - last.at)]),
  )
  places.push(memberPlace(image, 'extensions.yaml', fileAt(extension, 'extensions.yaml').data, 'extensions.yaml'))
  for (const { path, data } of extension) {
    if (data === undefined || path === 'extensions.yaml') continue
    if (path.endsWith('.sqsh')) places.push(...(await squashfsPlaces(image, path, data)))
    else if (data.length > 0) places.push(memberPlace(image, path, data, 'firmware'))
  }
  return places
}

function memberPlace(image: CandidateImage, path: string, data: Uint8Array | undefined, depth: string): Place {
  return {
    depth,
    name: path,
    bytes: data ?? new Uint8Array(0),
    free: [],
    put: async (damaged) => ({
      image: await editExtensionFiles(image, (files) => editFile(files, path, () => Uint8Array.from(damaged))),
    }),
  }
}

async function squashfsPlaces(image: CandidateImage, path: string, data: Uint8Array): Promise<readonly Place[]> {
  const squashfs = await openSquashfs(bytesSource(data))
  const used = Number(Buffer.from(data).readBigUInt64LE(40))
  const member = memberPlace(image, path, data, 'squashfs, stored')
  const places: Place[] = [
    { ...member, free: [free('time', 8, 4)] },
    { ...within(member, 0, 96), depth: 'squashfs superblock', free: [free('time', 8, 4)] },
    { ...within(member, used, data.length - used), depth: 'squashfs padding' },
    ...(await metadataPlaces(data, member)),
  ]
  for (const entry of await squashfs.entries()) {
    if (entry.data === undefined || entry.data.size === 0) continue
    const content = await entry.data.read(0, entry.data.size)
    places.push({
      depth: path.startsWith('modules') ? 'index file' : 'extension file',
      name: `${path}!${entry.path}`,
      bytes: content,
      free: [],
      put: async (damaged) => ({
        image: await editLayerTree(image, path, (files) => editFile(files, entry.path, () => Uint8Array.from(damaged))),
      }),
    })
  }
  return places.filter(({ bytes }) => bytes.length > 0)
}

type CpioEntry = { readonly at: number; readonly dataAt: number; readonly free: readonly Free[] }

function cpioEntries(archive: Buffer): readonly CpioEntry[] {
  const entries: CpioEntry[] = []
  for (let at = 0; ;) {
    const header = parseHeader(archive.subarray(at), {}, at)
    const name = archive.toString('utf8', at + HEADER_SIZE, at + HEADER_SIZE + header.nameSize - 1)
    const dataAt = align(at + HEADER_SIZE + header.nameSize)
    const isTrailer = name === 'TRAILER!!!'
    const ranges = isTrailer
      ? []
      : [free('time', at + 46, 8), ...(header.type === 'directory' ? [free('directory links', at + 38, 8)] : [])]
    entries.push({ at, dataAt, free: ranges })
    if (isTrailer) return entries
    at = align(dataAt + header.fileSize)
  }
}

function align(at: number): number {
  return Math.ceil(at / 4) * 4
}
