// The file tree that a stack of layers makes:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#applying-changesets The same files as `crane
// export` writes: google/go-containerregistry pkg/v1/mutate/mutate.go.
import type { Location } from '../errors.ts'
import { FileTree, type FileEntry } from './file-tree.ts'

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** The longest chain of hard links: each is one hop to a file in any layer that a tool wrote. */
const MAX_HOPS = 40

/** The effects of one layer on those below it. */
type Layer = {
  readonly entries: ReadonlyMap<string, FileEntry>
  /** Paths that are gone, with all below them. */
  readonly removed: ReadonlySet<string>
  /** Paths below which all is gone: opaque folders and what is no folder at all. */
  readonly covered: ReadonlySet<string>
}

/**
 * Merges layers, the lowest first. `.wh.x` hides x in the layers below, `.wh..wh..opq` all that they have in its
 * folder; neither hides anything of its own layer. Anything but a folder hides what is below its path. A hard link
 * becomes the file that it names at its own layer, in the layers below too; one that names nothing stays a hard link.
 * `origin` of each entry is where its name comes from.
 */
export function mergeLayers(layers: readonly { readonly entries: Iterable<FileEntry> }[], where: Location): FileTree {
  const stack = layers.map(({ entries }) => readLayer(entries))
  const seen = new Set<string>()
  const removed = new Set<string>()
  const covered = new Set<string>()
  const visible: FileEntry[][] = []
  for (const [level, layer] of [...stack.entries()].toReversed()) {
    const shown = [...layer.entries.values()].filter(
      ({ path }) => !seen.has(path) && !removed.has(path) && !hasAncestor(path, removed, covered),
    )
    visible.unshift(shown.map((entry) => (entry.type === 'hardlink' ? resolveHardLink(entry, stack, level) : entry)))
    for (const path of layer.entries.keys()) seen.add(path)
    for (const path of layer.removed) removed.add(path)
    for (const path of layer.covered) covered.add(path)
  }
  return new FileTree(visible.flat(), where)
}

function readLayer(all: Iterable<FileEntry>): Layer {
  const entries = new Map<string, FileEntry>()
  const removed = new Set<string>()
  const covered = new Set<string>()
  for (const entry of all) {
    const slash = entry.path.lastIndexOf('/')
    const folder = entry.path.slice(0, Math.max(slash, 0))
    const name = entry.path.slice(slash + 1)
    if (name === OPAQUE) covered.add(folder)
    else if (name.startsWith(WHITEOUT)) {
      const hidden = name.slice(WHITEOUT.length)
      // `.wh..wh.aufs` and the like are notes of aufs; `.wh.` and `.wh...` would hide the folder or its parent.
      if (hidden !== '' && hidden !== '.' && hidden !== '..' && !hidden.startsWith(WHITEOUT))
        removed.add(folder === '' ? hidden : `${folder}/${hidden}`)
    } else {
      // An unpacker leaves the last of several entries with one path.
      entries.delete(entry.path)
      entries.set(entry.path, entry)
    }
  }
  for (const { path, type } of entries.values()) if (type !== 'directory') covered.add(path)
  return { entries, removed, covered }
}

/** True if a folder above `path` is in one of the sets; the root is above everything but itself. */
function hasAncestor(path: string, removed: ReadonlySet<string>, covered: ReadonlySet<string>): boolean {
  if (path === '') return false
  if (removed.size === 0 && covered.size === 0) return false
  let end = path.lastIndexOf('/')
  while (end > 0) {
    const folder = path.slice(0, end)
    if (removed.has(folder) || covered.has(folder)) return true
    end = path.lastIndexOf('/', end - 1)
  }
  return covered.has('')
}

/** The file that `link` names as seen from its own layer: what hides it further up does not reach the link. */
function resolveHardLink(link: FileEntry, stack: readonly Layer[], level: number): FileEntry {
  let found: FileEntry | undefined = link
  for (let hops = 0; found?.type === 'hardlink'; hops++) {
    if (hops > MAX_HOPS) return link
    found = lookUp(found.target ?? '', stack, level)
  }
  return found === undefined || found.type === 'directory' ? link : { ...found, path: link.path, origin: link.origin }
}

/** The entry at exactly `path` in the layers from `level` down. */
function lookUp(path: string, stack: readonly Layer[], level: number): FileEntry | undefined {
  for (let at = level; at >= 0; at--) {
    const layer = stack[at]
    const entry = layer?.entries.get(path)
    if (entry !== undefined) return entry
    if (layer === undefined || layer.removed.has(path) || hasAncestor(path, layer.removed, layer.covered))
      return undefined
  }
  return undefined
}
