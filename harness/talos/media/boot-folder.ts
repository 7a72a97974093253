// Kernel, initramfs and command line as bare files of one folder, under the names that imager, GitHub's releases, Image
// Factory and PXE set-ups give them.
import { FormatError } from '../../errors.ts'
import type { FileTree } from '../../fs/file-tree.ts'

/** `kernel-arm64` (imager, Image Factory), `vmlinuz-arm64` (GitHub), `kernel` and `vmlinuz` (PXE). */
const KERNEL = /^(kernel|vmlinuz)(-arm64)?$/
/** `initramfs-metal-arm64.xz` (imager), `initramfs-arm64.xz` (GitHub, Image Factory), `initramfs.xz`, `initramfs` (PXE). */
const INITRAMFS = /^(initramfs|initrd)(-[a-z]+)?(-arm64)?(\.(xz|zst|img))?$/
/** `cmdline-metal-arm64` (imager, Image Factory), `cmdline` (PXE). */
const COMMAND_LINE = /^cmdline(-[a-z]+)?(-arm64)?(\.txt)?$/
/** Files for another machine, which lie beside them in a folder of a release. */
const FOREIGN = /-amd64(\.|$)/

/** Paths in the folder. */
export type BootFolder = { readonly kernel: string; readonly initramfs: string; readonly commandLine?: string }

/**
 * The boot files directly in `tree`; undefined where it has neither kernel nor initramfs. FormatError MALFORMED where one
 * of the two is absent, or where several files may be the same one.
 */
export function findBootFiles(tree: FileTree): BootFolder | undefined {
  const names = tree
    .children('')
    .filter(({ type, path }) => (type === 'file' || type === 'symlink') && !FOREIGN.test(path))
    .map(({ path }) => path)
  const [kernel, initramfs] = [only('kernel', KERNEL, names, tree), only('initramfs', INITRAMFS, names, tree)]
  if (kernel === undefined && initramfs === undefined) return undefined
  const commandLine = only('command line', COMMAND_LINE, names, tree)
  if (kernel === undefined) throw malformed(tree, `expected a kernel beside ${initramfs}, got none`)
  if (initramfs === undefined) throw malformed(tree, `expected an initramfs beside ${kernel}, got none`)
  return { kernel, initramfs, ...(commandLine !== undefined && { commandLine }) }
}

function only(what: string, pattern: RegExp, names: readonly string[], tree: FileTree): string | undefined {
  const found = names.filter((name) => pattern.test(name))
  if (found.length > 1) throw malformed(tree, `expected one ${what}, got ${found.join(' and ')}`)
  return found[0]
}

function malformed({ where }: FileTree, message: string): FormatError {
  return new FormatError('dir', 'MALFORMED', message, { at: where })
}
