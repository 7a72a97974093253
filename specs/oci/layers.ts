// Entries of an image's layers that containerd unpacks otherwise than they are listed: containerd v2.1
// pkg/archive/tar.go (applyNaive), which reads with archive/tar of Go.
import type { TarEntry, TarProblem } from '#harness/fs/tar-entry.ts'
import { BLOCK_SIZE, padded } from '#harness/fs/tar-fields.ts'
import type { LayerContent } from '#harness/oci/image/layer.ts'

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

const SAYS: Readonly<Record<TarProblem, string>> = {
  duplicate: 'duplicate',
  escapes: 'escapes',
  type: 'a type that containerd does not know, or a file named as a folder',
  number: 'a mode, owner, time or device that is no number',
  format: 'bytes where its format has none',
  records: 'PAX records that Go refuses',
  extended: 'extended headers in a row, of which Go takes others than other readers',
}

/** `path: what` for each entry of each layer; layers lowest first. */
export function layerFindings(layers: readonly LayerContent[]): readonly string[] {
  const below = new Map<string, TarEntry['type']>()
  return layers.flatMap((layer, index) => {
    const found = [
      ...layer.entries.flatMap(({ rawName, type, problems }) => [
        ...problems.map((problem) => `${rawName}: ${SAYS[problem]}`),
        ...(type === 'character' || type === 'block' ? [`${rawName}: ${type} device`] : []),
      ]),
      ...(layer.ended ? [] : [`layer ${index}: expected two blocks of NUL at its end, got none`]),
      ...(layer.trailing ? [`layer ${index}: expected NUL between contents and behind the end, got other bytes`] : []),
      ...whiteoutFindings(layer.entries),
      ...pathFindings(layer.entries, below),
    ]
    for (const { path, type } of layer.entries) below.set(path, type)
    return found
  })
}

/** A whiteout hides what is below; of its own layer containerd keeps or removes it, by the order. */
function whiteoutFindings(entries: readonly TarEntry[]): readonly string[] {
  const own = new Set(entries.flatMap(({ path }) => [path, ...parentsOf(path)]))
  return entries.flatMap(({ path }) => {
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    if (name === OPAQUE || !name.startsWith(WHITEOUT)) return []
    const hidden = path.slice(0, slash + 1) + name.slice(WHITEOUT.length)
    return own.has(hidden) ? [`${path}: hides what the same layer brings`] : []
  })
}

/** Folders on the way that are files or links, and hard links to what is not there yet. */
function pathFindings(entries: readonly TarEntry[], below: ReadonlyMap<string, TarEntry['type']>): readonly string[] {
  const seen = new Map<string, TarEntry['type']>()
  const typeOf = (path: string): TarEntry['type'] | undefined => seen.get(path) ?? below.get(path)
  return entries.flatMap(({ path, type, target = '' }) => {
    const found = parentsOf(path)
      .filter((parent) => !['directory', undefined].includes(typeOf(parent)))
      .map((parent) => `${path}: is below ${parent}, a ${typeOf(parent)}`)
    if (type === 'hardlink' && !['file', 'hardlink', 'symlink'].includes(typeOf(target) ?? ''))
      found.push(`${path}: a hard link to ${target}, which is no file that is there before it`)
    seen.set(path, type)
    return found
  })
}

function parentsOf(path: string): readonly string[] {
  const parents: string[] = []
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) parents.push(path.slice(0, at))
  return parents
}

/** Fields of the layer with the UKI that Go would have written otherwise. */
export function artifactFindings({ entries, tar }: LayerContent): readonly string[] {
  const last = entries.at(-1)
  const end = padded((last?.origin.offset ?? 0) + BLOCK_SIZE + (last?.size ?? 0)) + 2 * BLOCK_SIZE
  return [
    ...entries.filter(({ isGo }) => !isGo).map(({ rawName }) => `${rawName}: not a header as Go writes it`),
    ...(tar.size === end ? [] : [`expected the tar to end at ${end}, got an end at ${tar.size}`]),
  ]
}
