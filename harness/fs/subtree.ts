// The part of a tree below a folder, as a tree of its own.
import { FileTree } from './file-tree.ts'

/** Paths and hard links lose the folder; absolute symbolic links lead to the new root. The folder itself is the root. */
export function subtree(tree: FileTree, folder: string): FileTree {
  const inside = (path: string): string => path.slice(folder.length + 1)
  const entries = [...tree.under(folder)].map((entry) => ({
    ...entry,
    path: inside(entry.path),
    ...(entry.type === 'hardlink' && { target: inside(entry.target ?? '') }),
  }))
  return new FileTree(entries, tree.where)
}
