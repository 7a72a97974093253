// An image layout inside one uncompressed tar (oci-archive), read where it is.
import { type FileTree } from '../../fs/file-tree.ts'
import { openArchive } from './archive.ts'
import { layoutStore } from './layout.ts'
import type { LayoutReference } from '../image/reference.ts'
import type { ContentStore } from '../store.ts'

const FORMAT = 'oci-archive'

/** Errors of `openArchive`; those of the layout come with `resolve`. */
export async function openOciArchive(reference: LayoutReference): Promise<ContentStore> {
  const { tree, close } = await openArchive(reference.path, FORMAT)
  return archiveStore(reference, tree, close)
}

/** Links lead to other files of the archive at most. */
export function archiveStore(
  reference: LayoutReference,
  tree: FileTree,
  close: () => Promise<void> = () => Promise.resolve(),
): ContentStore {
  return layoutStore(reference, { open: async (path) => tree.resolve(path)?.data, close })
}
