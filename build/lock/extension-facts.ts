// What the published image of an extension says of itself, and what it is.
import type { Spool } from '#harness/bytes/spool.ts'
import { readExtensionContent } from '#harness/talos/extension/content.ts'
import { readExtensionPackage } from '#harness/talos/extension/image.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { PinnedExtension } from '#specs/contract/lock.ts'

export type ExtensionFacts = Pick<PinnedExtension, 'name' | 'version' | 'content' | 'firmware'>

/** Of its linux/arm64 image. Errors as of `readExtensionPackage` and of reading its files. */
export async function readExtensionFacts(store: ContentStore, spool: Spool): Promise<ExtensionFacts> {
  const { manifest, rootfs } = await readExtensionPackage(store, spool)
  const { name, version } = manifest.metadata
  return { name, version, ...(await readExtensionContent(rootfs)) }
}
