// A system extension as upstream publishes it: an image with `manifest.yaml` and `rootfs/`
// (siderolabs/talos pkg/machinery/extensions/load.go).
import { readAll } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { FormatError, type Location } from '../../errors.ts'
import { fileIn } from '../../fs/file-in.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import type { TarProblem } from '../../fs/tar-entry.ts'
import { subtree } from '../../fs/subtree.ts'
import { openImage } from '../../oci/image/image.ts'
import type { ContentStore } from '../../oci/store.ts'
import { parseExtensionManifest, type ExtensionManifest } from './extension.ts'

const EXTENSION_ROOT = 'rootfs'
const MANIFEST = 'manifest.yaml'
/** Genuine manifests have some 300 bytes; a schematic's carries its customisation. */
const MAX_MANIFEST_BYTES = 4 << 20

const UNREADABLE: Readonly<Record<TarProblem, string>> = {
  duplicate: 'expected each file once, got it again: imager takes the first, others the last',
  escapes: 'expected a name below the root, got one that leads out of it',
  type: 'expected a type that Go knows, or a file whose name ends in no slash',
  number: 'expected a mode, owner, time and device that are numbers',
  format: 'expected NUL where its format has nothing',
  records: 'expected PAX records that Go takes',
  extended: 'expected extended headers of which Go takes those that other readers take',
}

export type ExtensionPackage = {
  readonly manifest: ExtensionManifest
  /** The tree under `rootfs`, with that as its root. */
  readonly rootfs: FileTree
}

/**
 * Reads the linux/arm64 image behind `store`. SchemaError or FormatError for a manifest that is wrong; FormatError
 * `extension` MALFORMED, with imager's reason, for an image that imager does not load: of another platform, without
 * `manifest.yaml` or `rootfs/`, or with something beside them; and for a layer that imager, with archive/tar of Go,
 * refuses or may read otherwise than we do.
 */
export async function readExtensionPackage(store: ContentStore, spool: Spool): Promise<ExtensionPackage> {
  const image = await openImage(store, { spool })
  if ('reason' in image.selection) throw refused(image.selection.reason, image.where)
  const { os, architecture } = await image.config()
  if (os !== 'linux' || architecture !== 'arm64')
    throw refused(`expected linux/arm64, got ${os ?? 'no os'}/${architecture ?? 'no architecture'}`, image.where)
  for (const layer of image.layers)
    for (const { rawName, type, problems, origin } of (await layer.read()).entries) {
      const problem = problems.find((one) => one !== 'duplicate' || type !== 'directory')
      if (problem !== undefined) throw refused(`${rawName}: ${UNREADABLE[problem]}`, origin)
    }
  const files = await image.tree()
  for (const { path, origin } of files.under('')) {
    const [top = ''] = path.split('/', 1)
    if (top !== MANIFEST && top !== EXTENSION_ROOT) throw refused(`unexpected file "${top}"`, origin)
  }
  if (!files.has(MANIFEST)) throw refused('extension manifest is missing', files.where)
  if (files.get(EXTENSION_ROOT)?.type !== 'directory' && files.under(EXTENSION_ROOT).next().done === true)
    throw refused('extension rootfs is missing', files.where)
  const manifest = await fileIn(files, MANIFEST)
  return {
    manifest: parseExtensionManifest(await readAll(manifest, MAX_MANIFEST_BYTES), manifest.where),
    rootfs: subtree(files, EXTENSION_ROOT),
  }
}

/** Paths of files and links outside what a release lets an extension install, as its validator names them. */
export function foreignPaths(rootfs: FileTree, prefixes: readonly string[]): readonly string[] {
  const isAllowed = (path: string): boolean =>
    prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
  return [...rootfs.entries()]
    .filter(({ path, type }) => type !== 'directory' && !isAllowed(path))
    .map(({ path }) => path)
}

function refused(reason: string, at: Location): FormatError {
  return new FormatError('extension', 'MALFORMED', reason, { at })
}
