// The firmware of all extensions, which is in the initramfs itself so that the kernel finds it before the layers are
// mounted (siderolabs/talos internal/pkg/extensions/compress.go). CPU microcode stays with it: on arm64 nothing loads
// it early, and a second archive before the base would be there for nothing.
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension/content.ts'
import { BuildError } from '../build-error.ts'
import type { Extension } from './extension.ts'

/** A file with content, or a directory. */
export type FirmwareEntry = Pick<FileEntry, 'mode' | 'data'> & { readonly path: string }
type Owned = FirmwareEntry & { readonly extension: string }

/** A mode under imager's umask 022; it opens files and makes folders with the permissions alone. */
const UMASKED = 0o755
/** imager's untar lets the owner use every folder. */
const OWNED = 0o700

/** Links to folders lead into each other; genuine ones go one level. */
const MAX_DEPTH = 16

/**
 * Every path below and with usr/lib/firmware, links replaced by what they lead to, in no order. BuildError FIRMWARE for
 * a path that two extensions bring with different bytes, EXTENSION for a link that leads nowhere.
 */
export async function collectFirmware(extensions: readonly Extension[]): Promise<readonly FirmwareEntry[]> {
  const found = new Map<string, Owned>()
  for (const { metadata, rootfs } of extensions)
    for (const entry of expand(rootfs, FIRMWARE_FOLDER, FIRMWARE_FOLDER, metadata.name, 0)) {
      const known = found.get(entry.path)
      if (known === undefined) found.set(entry.path, { ...entry, extension: metadata.name })
      else await assertSame(known, { ...entry, extension: metadata.name })
    }
  return [...found.values()]
}

/** The entry that `path` leads to as one at `as`, and what is in it. */
function* expand(
  tree: FileTree,
  path: string,
  as: string,
  extension: string,
  depth: number,
): Generator<FirmwareEntry, void, void> {
  if (tree.get(path) === undefined) return
  const fail = (what: string) => new BuildError('EXTENSION', `the extension ${extension} has firmware ${as}, ${what}`)
  const entry = tree.resolve(path)
  if (entry === undefined) throw fail('a link that leads nowhere')
  if (entry.type === 'file') yield { path: as, mode: entry.mode & UMASKED, ...(entry.data && { data: entry.data }) }
  else if (entry.type !== 'directory') throw fail(`a ${entry.type}`)
  else if (depth > MAX_DEPTH) throw fail('a link to a folder that leads back to itself')
  else {
    yield { path: as, mode: (entry.mode | OWNED) & UMASKED }
    for (const child of tree.children(entry.path)) {
      const name = child.path.slice(entry.path.length + 1)
      yield* expand(tree, child.path, `${as}/${name}`, extension, depth + 1)
    }
  }
}

/** imager lets the later file overwrite the earlier, without truncating it: its tail may stay. */
async function assertSame(one: Owned, other: Owned): Promise<void> {
  if (one.data === undefined && other.data === undefined) return
  if (one.data !== undefined && other.data !== undefined && one.data.size === other.data.size) {
    const [left, right] = await Promise.all([sha256Hex(one.data), sha256Hex(other.data)])
    if (left === right) return
  }
  throw new BuildError(
    'FIRMWARE',
    `the extensions ${one.extension} and ${other.extension} both bring ${one.path}, with different bytes`,
  )
}
