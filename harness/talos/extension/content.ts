// The content of an extension, byte for byte: the lock's `content` and `firmware` (specs/README.md). The published
// extension and the squashfs layer of an image give the same value, because what imager may change is left out:
// directories, modes, owners, times, and firmware, which it moves into the initramfs.
import { createHash } from 'node:crypto'
import { sha256Hex } from '../../bytes/digest.ts'
import type { FileEntry, FileTree } from '../../fs/file-tree.ts'
import { mapInParallel } from '../../oci/parallel.ts'

export const FIRMWARE_FOLDER = 'usr/lib/firmware'

/** CPU microcode, which imager takes out of an extension into an archive before the base (INI-004's business). */
const MICROCODE = /^usr\/lib\/firmware\/(intel-ucode\/.+|amd-ucode\/microcode_amd.*\.bin)$/

export function isMicrocode(path: string): boolean {
  return MICROCODE.test(path)
}

export type ExtensionContent = {
  /** sha256 over the sorted content lines, 64 hex digits. */
  readonly content: string
  /**
   * Files under usr/lib/firmware by path, symbolic links followed; a link that leads nowhere is not among them, nor is
   * CPU microcode.
   */
  readonly firmware: readonly { readonly path: string; readonly sha256: string }[]
}

/** Reads every file of an extension's root filesystem once. Errors as of reading the files. */
export async function readExtensionContent(tree: FileTree): Promise<ExtensionContent> {
  const lines: string[] = []
  const firmware: { path: string; sha256: string }[] = []
  const entries = [...tree.under('')].filter(({ path, type }) => type !== 'directory' && !isMicrocode(path))
  await mapInParallel(entries, async (entry) => {
    const { path } = entry
    if (path.startsWith(`${FIRMWARE_FOLDER}/`)) {
      const data = tree.resolve(path)?.data
      if (data !== undefined) firmware.push({ path, sha256: await sha256Hex(data) })
    } else {
      lines.push(await contentLine(tree, entry))
    }
  })
  const hash = createHash('sha256')
  for (const line of lines.toSorted(byCodePoint)) hash.update(line)
  return { content: hash.digest('hex'), firmware: firmware.toSorted((a, b) => byCodePoint(a.path, b.path)) }
}

/** `type NUL path NUL (sha256 of the bytes | link target | empty) LF`; a hard link is the file that it names. */
async function contentLine(tree: FileTree, entry: FileEntry): Promise<string> {
  const file = entry.type === 'hardlink' ? (tree.resolve(entry.path) ?? entry) : entry
  const value = file.data === undefined ? (file.target ?? '') : await sha256Hex(file.data)
  return `${file.type}\0${entry.path}\0${value}\n`
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
