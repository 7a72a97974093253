// The system extensions of an initramfs: what extensions.yaml lists, and the squashfs images that are beside it
// (siderolabs/talos internal/app/init/main.go: how they are mounted).
import { identify } from '../bytes/digest.ts'
import { factOf } from '../bytes/identity.ts'
import { readAll, type ByteSource } from '../bytes/source.ts'
import type { Location } from '../errors.ts'
import type { FileEntry } from '../fs/file-tree.ts'
import { MAX_CONTENT_BYTES, openSquashfs, type Squashfs } from '../formats/squashfs/reader.ts'
import { lazy } from '../lazy.ts'
import type { BootArchive } from './boot/archive.ts'
import { parseExtensionsYaml, type ExtensionMetadata } from './extension/extension.ts'
import { writeExtensionsYaml, type WrittenYaml } from './extension/extensions-yaml.ts'

export const EXTENSIONS_YAML = 'extensions.yaml'
/** The virtual extension that imager makes of all module indexes. */
export const MODULES_DEP = 'modules.dep'
/** A schematic can carry an embedded configuration; nothing genuine comes near. */
const MAX_YAML_BYTES = 4 << 20

export type ExtensionImage = {
  /** Path in the initramfs: `0.sqsh`, `modules.dep.sqsh`. */
  readonly path: string
  readonly data: ByteSource
  squashfs(): Promise<Squashfs>
}

type LayerEntry = {
  /** The file that extensions.yaml names. */
  readonly name: string
  readonly metadata: ExtensionMetadata
  /** The image; absent when the named file is. */
  readonly image?: ExtensionImage
}

export type Extensions = {
  /** The location of extensions.yaml, or the one that it would have. */
  readonly where: Location
  /** True if the initramfs has an extensions.yaml. */
  readonly listed: boolean
  /** Layers as extensions.yaml lists them, lowest first. SchemaError or FormatError for a document that is wrong. */
  layers(): Promise<readonly LayerEntry[]>
  /** extensions.yaml as it is, and as imager writes it for what it says; undefined where there is none. */
  text(): Promise<{ readonly actual: string; readonly written: WrittenYaml } | undefined>
  /** Every squashfs of the extension segments, by path. */
  readonly images: ReadonlyMap<string, ExtensionImage>
  /** Every path of the extension segments, directories too. */
  readonly paths: readonly string[]
}

/** Unpacks the extension segments; extensions.yaml and the images are read when asked. */
export async function readExtensions(archive: BootArchive): Promise<Extensions> {
  const entries = new Map<string, FileEntry>()
  for (const segment of archive.extensions)
    for (const entry of (await segment.archive()).entries) entries.set(entry.path, entry)

  const images = new Map<string, ExtensionImage>()
  const allowance = { contentBytes: MAX_CONTENT_BYTES }
  for (const { path, data } of entries.values())
    if (data !== undefined && path.endsWith('.sqsh'))
      images.set(path, {
        path,
        data,
        // By its own digest: other segments hold the same extension.
        squashfs: lazy(async () => openSquashfs(await identify(data, data.identity?.facts), allowance)),
      })

  const document = entries.get(EXTENSIONS_YAML)?.data
  const where = document?.where ?? { ...archive.where, path: EXTENSIONS_YAML }
  const bytes = lazy(async () => (document === undefined ? undefined : readAll(document, MAX_YAML_BYTES)))
  const parsed = lazy(async () => {
    const given = await bytes()
    if (document === undefined || given === undefined) return undefined
    const known = await identify(document, document.identity?.facts)
    return factOf(
      known,
      'extensions.yaml',
      async () => parseExtensionsYaml(given, where),
      () => 4 * known.size,
    )
  })
  return {
    where,
    listed: document !== undefined,
    text: async () => {
      const [given, value] = [await bytes(), await parsed()]
      if (given === undefined || value === undefined) return undefined
      return { actual: Buffer.from(given).toString(), written: writeExtensionsYaml(value) }
    },
    images,
    paths: [...entries.keys()],
    layers: lazy(async () => {
      const { layers = [] } = (await parsed()) ?? {}
      return layers.map(({ image: name, metadata }) => {
        const image = images.get(name)
        return { name, metadata, ...(image !== undefined && { image }) }
      })
    }),
  }
}
