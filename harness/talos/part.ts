// A candidate's part as the rules see it: an installer image, an asset image or folder, or a boot medium.
import { FormatError } from '../errors.ts'
import type { FileTree } from '../fs/file-tree.ts'
import type { Uki } from '../formats/uki/uki.ts'
import type { OciImage } from '../oci/image/image.ts'
import type { BootArchive } from './boot/archive.ts'
import type { Extensions } from './extensions.ts'
import type { Initramfs } from './boot/initramfs.ts'
import type { Kernel } from './kernel.ts'
import type { Medium } from './media/medium.ts'
import type { InstalledModules } from './modules.ts'
import type { RootFilesystem } from './rootfs.ts'

/** An immutable lazy view: the first accessor pays, the rest share; what cannot be read rejects every time. */
export type TalosPart = {
  /** The image behind the part; rejects for a bare folder and a medium. */
  image(): Promise<OciImage>
  /** All layers merged, or the folder; of a bare UKI the file itself. */
  files(): Promise<FileTree>
  /** Paths of an asset image outside its tree; none elsewhere. */
  extraPaths(): Promise<readonly string[]>
  /** The installer's UKI, or the one that a medium boots. */
  uki(): Promise<Uki>
  /** The UKI's `.linux`, or `boot/vmlinuz`. */
  kernel(): Promise<Kernel>
  /** The UKI's `.initrd`, or `boot/initramfs.xz`. */
  initramfs(): Promise<BootArchive>
  /** The same file as the kernel sees it: segments and padding, nothing decompressed. */
  initramfsLayout(): Promise<Initramfs>
  /** The UKI's first `.cmdline`, or `boot/cmdline`; undefined where an asset tree has none. */
  commandLine(): Promise<string | undefined>
  /** The disk around what a medium boots; rejects for any other part. */
  medium(): Promise<Medium>
  extensions(): Promise<Extensions>
  rootfs(): Promise<RootFilesystem>
  modules(): Promise<InstalledModules>
  /** The Talos tag that the part itself claims, for want of a lock; undefined when it says nothing. */
  claimedTalos(): Promise<string | undefined>
  close(): Promise<void>
}

/** The accessor of parts that are no boot medium. */
export function noMedium(): Promise<never> {
  return Promise.reject(new FormatError('medium', 'UNSUPPORTED', 'expected a boot medium, got an image or a folder'))
}
