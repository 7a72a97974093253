// The initramfs: the base as upstream made it, byte for byte, and one zstd frame with the extensions behind it
// (siderolabs/talos pkg/imager/extensions).
import type { ByteSource } from '#harness/bytes/source.ts'
import type { ExtensionMetadata } from '#harness/talos/extension/extension.ts'
import { EXTENSIONS_YAML } from '#harness/talos/extensions.ts'
import type { FirmwareEntry } from './firmware.ts'
import type { Content } from '../formats/content.ts'
import { cpioChunks, type StreamedCpioFile } from '../formats/cpio.ts'
import { encodeExtensionsYaml } from '../formats/extensions-yaml.ts'
import { zstdApart } from '../formats/zstd-apart.ts'

/** A layer as a file of the initramfs. */
export type LayerFile = { readonly image: string; readonly metadata: ExtensionMetadata; readonly data: Content }

const FILE = 0o100000
const DIRECTORY = 0o040000

/**
 * The names of the layers in the order in which imager lists them: it numbers extensions by their place in the profile
 * and sorts those numbers as text (0, 1, 10, 11, 2).
 */
export function layerOrder(count: number): readonly { readonly index: number; readonly image: string }[] {
  return Array.from({ length: count }, (_, index) => String(index))
    .toSorted((a, b) => compareBytes(a, b))
    .map((name) => ({ index: Number(name), image: `${name}.sqsh` }))
}

/** The bytes of the initramfs; without layers those of the base alone. */
export async function* initramfsChunks(
  base: ByteSource,
  layers: readonly LayerFile[],
  firmware: readonly FirmwareEntry[],
  time: number,
): AsyncGenerator<Uint8Array, void, void> {
  yield* base.stream()
  if (layers.length > 0) yield* zstdApart(cpioChunks(toCpio(layers, firmware, time)))
}

/** Entries in the order of a walk that sorts each folder by name. */
export function toCpio(
  layers: readonly LayerFile[],
  firmware: readonly FirmwareEntry[],
  time: number,
): readonly StreamedCpioFile[] {
  const owner = { uid: 0, gid: 0, mtime: time }
  const directory = (path: string, mode = 0o755): StreamedCpioFile => ({ path, mode: DIRECTORY | mode, ...owner })
  const file = (path: string, data: Content, mode = 0o644): StreamedCpioFile => ({
    path,
    mode: FILE | mode,
    ...owner,
    data,
  })
  const parents = firmware.length === 0 ? [] : ['usr', 'usr/lib'].map((path) => directory(path))
  return [
    ...layers.map(({ image, data }) => file(image, data)),
    file(EXTENSIONS_YAML, encodeExtensionsYaml(layers)),
    ...parents,
    ...firmware.map(({ path, mode, data }) => (data === undefined ? directory(path, mode) : file(path, data, mode))),
  ].toSorted((a, b) => compareBytes(a.path.replaceAll('/', '\0'), b.path.replaceAll('/', '\0')))
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
