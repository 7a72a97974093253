// Trees of files as containers: those of an image, of a segment of an initramfs, of a squashfs, of a FAT volume.
import { HarnessError } from '#harness/errors.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import { lazy } from '#harness/lazy.ts'
import { listOf, type Facts, type Inside, type Node } from './node.ts'

/** Opens a file that is a container; undefined for any other. */
export type OpenFile = (name: string, entry: FileEntry) => Node | undefined

/** A folder by its path: the names in it, and the files below it at any depth. */
type Folder = { readonly names: Set<string>; files: number; size: number }
type Folders = ReadonlyMap<string, Folder>
type Place = { readonly tree: FileTree; readonly openFile: OpenFile; readonly folders: () => Promise<Folders> }

/** Deeper folders than any image has are counted in the one at this depth. */
const MAX_DEPTH = 64

/** `shown` are the paths of files that are shown in place of the root's own entries. */
export async function filesOf(tree: FileTree, openFile: OpenFile, shown?: readonly string[]): Promise<Inside> {
  const folders = lazy(() => Promise.resolve(measure(tree)))
  const place = { tree, openFile, folders }
  const known = await folders()
  const at = (path: string): Node | undefined => {
    const entry = followed(tree, path)
    if (entry !== undefined) return toNode(place, known, path, entry)
    // An archive may have files without entries for the folders around them.
    return known.has(path) ? folderNode(place, known, path, path) : undefined
  }
  const parts = shown?.flatMap((path) => at(path) ?? []) ?? childrenOf(place, known, '')
  return { facts: {}, parts, find: (path) => at(path.replace(/\/+$/, '')) }
}

/** The entry that a path leads to; a link that leads nowhere, or in a circle, is itself what is there. */
function followed(tree: FileTree, path: string): FileEntry | undefined {
  const own = tree.get(path)
  try {
    return tree.resolve(path) ?? own
  } catch (error) {
    if (own !== undefined && error instanceof HarnessError) return own
    throw error
  }
}

function measure(tree: FileTree): Folders {
  const folders = new Map<string, Folder>()
  for (const { path, size, data } of tree.under('')) {
    let folder = ''
    for (const name of path.split('/').slice(0, MAX_DEPTH)) {
      const known = folders.get(folder) ?? { names: new Set(), files: 0, size: 0 }
      folders.set(folder, known)
      known.names.add(name)
      known.files += data === undefined ? 0 : 1
      known.size += data === undefined ? 0 : size
      folder = folder === '' ? name : `${folder}/${name}`
    }
  }
  return folders
}

function childrenOf(place: Place, folders: Folders, folder: string): readonly Node[] {
  const names = [...(folders.get(folder)?.names ?? [])]
  return names
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => {
      const path = folder === '' ? name : `${folder}/${name}`
      const entry = place.tree.get(path)
      return entry === undefined ? folderNode(place, folders, name, path) : toNode(place, folders, name, entry)
    })
}

function toNode(place: Place, folders: Folders, name: string, entry: FileEntry): Node {
  const { type, mode, target, data, size, path } = entry
  if (type === 'directory') return folderNode(place, folders, name, path)
  if (data === undefined) return { name, kind: type, size: 0, facts: target === undefined ? {} : { target } }
  const facts: Facts = { mode: `0${mode.toString(8).padStart(3, '0')}` }
  return place.openFile(name, entry) ?? { name, kind: 'file', size, facts, data }
}

function folderNode(place: Place, folders: Folders, name: string, path: string): Node {
  const { files = 0, size = 0 } = folders.get(path) ?? {}
  const open = () => Promise.resolve(listOf(childrenOf(place, folders, path)))
  return { name, kind: 'folder', size, facts: { files }, open }
}
