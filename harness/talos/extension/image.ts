// A system extension as upstream publishes it: an image with `manifest.yaml` and `rootfs/`
// (siderolabs/talos pkg/machinery/extensions/load.go).
import { readAll } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { fileIn } from '../../fs/file-in.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import { subtree } from '../../fs/subtree.ts'
import { openImage } from '../../oci/image/image.ts'
import type { ContentStore } from '../../oci/store.ts'
import { parseExtensionManifest, type ExtensionManifest } from './extension.ts'

const EXTENSION_ROOT = 'rootfs'
/** Genuine manifests have some 300 bytes; a schematic's carries its customisation. */
const MAX_MANIFEST_BYTES = 4 << 20

export type ExtensionPackage = {
  readonly manifest: ExtensionManifest
  /** The tree under `rootfs`, with that as its root. */
  readonly rootfs: FileTree
}

/** Reads the linux/arm64 image behind `store`; SchemaError or FormatError for a manifest that is wrong. */
export async function readExtensionPackage(store: ContentStore, spool: Spool): Promise<ExtensionPackage> {
  const image = await openImage(store, { spool })
  const files = await image.tree()
  const manifest = await fileIn(files, 'manifest.yaml')
  return {
    manifest: parseExtensionManifest(await readAll(manifest, MAX_MANIFEST_BYTES), manifest.where),
    rootfs: subtree(files, EXTENSION_ROOT),
  }
}
