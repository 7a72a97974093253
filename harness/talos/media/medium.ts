// The facts of a boot medium that a machine boots from as it is: a raw disk or an ISO.
import type { ByteSource } from '../../bytes/source.ts'
import { NotFoundError } from '../../errors.ts'
import type { FatVolume } from '../../formats/fat/fat.ts'
import type { FileEntry, FileTree } from '../../fs/file-tree.ts'
import type { RawDisk } from './disk.ts'
import type { IsoImage } from './iso.ts'

/** Every accessor reads when first asked, and rejects with the error of its reader. */
export type Medium = {
  /** The bytes of the medium, decompressed. */
  source(): Promise<ByteSource>
  /** A raw disk; rejects for an ISO. */
  disk(): Promise<RawDisk>
  /** An ISO; rejects for a raw disk. */
  iso(): Promise<IsoImage>
  /** The EFI partition: of an ISO the FAT image that is appended to it. */
  efi(): Promise<FatVolume>
}

/** The program that firmware starts from a medium. */
export const BOOT_LOADER = 'EFI/BOOT/BOOTAA64.EFI'
const UKI = /^efi\/linux\/[^/]+\.efi$/i

/** UKIs that the boot loader lists: `EFI/Linux/*.efi`, without regard to case. */
export function ukisIn(tree: FileTree): readonly FileEntry[] {
  return [...tree.entries()].filter(({ path, type }) => type === 'file' && UKI.test(path))
}

/** The file at `path` without regard to case, as firmware finds it; NotFoundError. */
export function fileIgnoringCase(tree: FileTree, path: string): ByteSource {
  const found = [...tree.entries()].find((entry) => entry.path.toLowerCase() === path.toLowerCase())
  if (found?.data !== undefined) return found.data
  throw new NotFoundError('BLOB_UNKNOWN', `expected a file ${path}, got none`, { at: tree.where })
}
