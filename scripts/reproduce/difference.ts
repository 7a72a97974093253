// The first difference of an image from one that was made anew: layer, file, section, segment, entry.
import type { ByteSource } from '#harness/bytes/source.ts'
import type { FileEntry } from '#harness/fs/file-tree.ts'
import { openSquashfs } from '#harness/formats/squashfs/reader.ts'
import type { Uki } from '#harness/formats/uki/uki.ts'
import type { OciImage } from '#harness/oci/image/image.ts'
import type { Initramfs } from '#harness/talos/boot/initramfs.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'

export type Difference = {
  /** `layer 1!usr/install/arm64/vmlinuz.efi!.initrd!segment 1!5.sqsh!etc/x`. */
  readonly where: string
  readonly what: string
  /** True where both decode to the same: another zstd or zlib made one of them. */
  readonly isCompression?: true
}

const CHUNK = 1 << 20

/**
 * Differences from the outside in, in the order of the bytes; nothing where both are the same image. Errors as of
 * reading the parts.
 */
export async function* differencesOf(given: TalosPart, made: TalosPart): AsyncGenerator<Difference, void, void> {
  const [one, other] = await Promise.all([given.image(), made.image()])
  if (one.layers.length !== other.layers.length)
    yield differ('manifest', 'layers', other.layers.length, one.layers.length)
  for (const [index, layer] of one.layers.entries()) {
    const reference = other.layers[index]
    if (reference === undefined) return
    const where = `layer ${index}`
    const [own, wanted] = await Promise.all([layer.read(), reference.read()])
    if (own.diffId !== wanted.diffId) {
      yield* entryDifferences(where, own.entries, wanted.entries, (path) => insideOf(path, where, given, made))
      yield { where, what: 'headers or padding of the tar' }
    } else if (layer.descriptor.digest !== reference.descriptor.digest)
      yield { where, what: 'how the layer is compressed', isCompression: true }
  }
  yield* documentDifferences(one, other)
}

async function* documentDifferences(one: OciImage, other: OciImage): AsyncGenerator<Difference, void, void> {
  const documents = [
    ['config', await one.rawConfig(), await other.rawConfig()],
    ['manifest', await manifestBytes(one), await manifestBytes(other)],
  ] as const
  for (const [where, own, wanted] of documents) {
    const at = firstDifference(own, wanted)
    if (at !== undefined) yield { where, what: `byte ${at}` }
  }
}

async function manifestBytes(image: OciImage): Promise<Uint8Array> {
  return (await image.documents()).at(-1)?.bytes ?? new Uint8Array(0)
}

type Inside = (path: string) => AsyncGenerator<Difference, void, void> | undefined

/** Entries beside each other, attributes before contents; `inside` looks into a file that differs. */
async function* entryDifferences(
  where: string,
  own: readonly FileEntry[],
  wanted: readonly FileEntry[],
  inside: Inside,
): AsyncGenerator<Difference, void, void> {
  for (let index = 0; index < Math.max(own.length, wanted.length); index++) {
    const [entry, reference] = [own[index], wanted[index]]
    const place = `${where}!${reference?.path ?? entry?.path ?? ''}`
    if (entry === undefined || reference === undefined || entry.path !== reference.path) {
      yield differ(place, 'entry', reference?.path ?? 'none', entry?.path ?? 'none')
      return
    }
    for (const name of ['type', 'mode', 'uid', 'gid', 'mtime', 'target'] as const)
      if (entry[name] !== reference[name]) yield differ(place, name, reference[name], entry[name])
    const at = await firstSourceDifference(entry.data, reference.data)
    if (at === undefined) continue
    const deeper = inside(entry.path)
    if (deeper === undefined) yield { where: place, what: `byte ${at}` }
    else yield* deeper
  }
}

function insideOf(path: string, where: string, given: TalosPart, made: TalosPart): ReturnType<Inside> {
  return path === UKI_PATH ? ukiDifferences(`${where}!${path}`, given, made) : undefined
}

async function* ukiDifferences(
  where: string,
  given: TalosPart,
  made: TalosPart,
): AsyncGenerator<Difference, void, void> {
  const [own, wanted] = await Promise.all([given.uki(), made.uki()])
  const names = ({ pe }: Uki): string => pe.sections.map(({ name }) => name).join(' ')
  if (names(own) !== names(wanted)) {
    yield differ(where, 'sections', names(wanted), names(own))
    return
  }
  let count = 0
  for (const [index, section] of own.pe.sections.entries()) {
    const at = await firstSourceDifference(section.data(), wanted.pe.sections[index]?.data())
    if (at === undefined) continue
    count++
    const place = `${where}!${section.name}`
    if (section.name === '.initrd')
      yield* initramfsDifferences(place, await given.initramfsLayout(), await made.initramfsLayout())
    else yield { where: place, what: `byte ${at}` }
  }
  if (count === 0) yield { where, what: 'headers or padding' }
}

async function* initramfsDifferences(
  where: string,
  own: Initramfs,
  wanted: Initramfs,
): AsyncGenerator<Difference, void, void> {
  if (own.segments.length !== wanted.segments.length)
    yield differ(where, 'segments', wanted.segments.length, own.segments.length)
  for (const [index, segment] of own.segments.entries()) {
    const reference = wanted.segments[index]
    if (reference === undefined) return
    if ((await firstSourceDifference(segment.data, reference.data)) === undefined) continue
    const place = `${where}!segment ${index}`
    const [{ entries, deviations }, made] = await Promise.all([segment.archive(), reference.archive()])
    const files = new Map(made.entries.map((entry) => [entry.path, entry.data]))
    const inside: Inside = (path) => {
      const [data, expected] = [entries.find((entry) => entry.path === path)?.data, files.get(path)]
      if (!path.endsWith('.sqsh') || data === undefined || expected === undefined) return undefined
      return squashfsDifferences(`${place}!${path}`, data, expected)
    }
    yield* entryDifferences(place, entries, made.entries, inside)
    const [deviation] = deviations
    if (deviation !== undefined) yield { where: `${place}!${deviation.path}`, what: deviation.what }
    else yield { where: place, what: 'how the segment is compressed', isCompression: true }
  }
}

async function* squashfsDifferences(
  where: string,
  own: ByteSource,
  wanted: ByteSource,
): AsyncGenerator<Difference, void, void> {
  const [one, other] = await Promise.all([openSquashfs(own), openSquashfs(wanted)])
  for (const name of ['modificationTime', 'compression', 'blockSize', 'flags', 'inodeCount'] as const)
    if (one[name] !== other[name]) yield differ(where, name, other[name], one[name])
  yield* entryDifferences(where, await one.entries(), await other.entries(), () => undefined)
  const { deviations } = await one.form()
  const [deviation] = deviations
  if (deviation === undefined) yield { where, what: 'how its blocks are compressed', isCompression: true }
  else yield { where, what: deviation }
}

function differ(where: string, name: string, expected: unknown, got: unknown): Difference {
  return { where, what: `${name}, expected ${String(expected)}, got ${String(got)}` }
}

function firstDifference(own: Uint8Array, wanted: Uint8Array): number | undefined {
  const shorter = Math.min(own.length, wanted.length)
  if (Buffer.from(own).equals(wanted)) return undefined
  for (let at = 0; at < shorter; at++) if (own[at] !== wanted[at]) return at
  return shorter
}

/** Compares by chunks; a source that is absent has no bytes. */
async function firstSourceDifference(
  own: ByteSource | undefined,
  wanted: ByteSource | undefined,
): Promise<number | undefined> {
  const shorter = Math.min(own?.size ?? 0, wanted?.size ?? 0)
  for (let at = 0; at < shorter; at += CHUNK) {
    const length = Math.min(CHUNK, shorter - at)
    const [one, other] = await Promise.all([own?.read(at, length), wanted?.read(at, length)])
    const found = one === undefined || other === undefined ? undefined : firstDifference(one, other)
    if (found !== undefined) return at + found
  }
  return own?.size === wanted?.size ? undefined : shorter
}
