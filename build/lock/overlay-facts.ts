// What imager takes of a board's overlay, as the lock has it.
import type { FileTree } from '#harness/fs/file-tree.ts'
import { overlayContent, overlayEntries } from '#harness/talos/overlay.ts'
import type { PinnedOverlay } from '#specs/contract/lock.ts'

/** NotFoundError where the image has no such installer. */
export async function readOverlayFacts(tree: FileTree, name: string): Promise<Pick<PinnedOverlay, 'content'>> {
  return { content: await overlayContent(overlayEntries(tree, name)) }
}
