// An asset tree, `boot/vmlinuz` and `boot/initramfs.xz`: a folder, or the tree that an asset image unpacks to.
import type { Spool } from '../bytes/spool.ts'
import { FormatError } from '../errors.ts'
import { readAll } from '../bytes/source.ts'
import { openDirectoryTree } from '../fs/directory-tree.ts'
import { fileIn } from '../fs/file-in.ts'
import { lazy } from '../lazy.ts'
import { parseReference, renderReference } from '../oci/reference.ts'
import { openBootFiles } from './boot-files.ts'
import type { TalosPart } from './part.ts'

export const KERNEL_PATH = 'boot/vmlinuz'
export const INITRAMFS_PATH = 'boot/initramfs.xz'
export const COMMAND_LINE_PATH = 'boot/cmdline'
/** Linux' COMMAND_LINE_SIZE on arm64 is 2048. */
const MAX_COMMAND_LINE = 64 << 10

/** Opens the folder that a `dir:` reference names. */
export async function openAssets(reference: string, options: { readonly spool: Spool }): Promise<TalosPart> {
  const parsed = parseReference(reference)
  const notIn = (what: string) => (): Promise<never> =>
    Promise.reject(
      new FormatError('assets', 'UNSUPPORTED', `an asset folder has no ${what}`, { at: { path: reference } }),
    )
  if (parsed.kind !== 'dir')
    throw new FormatError('assets', 'UNSUPPORTED', `expected dir:PATH, got ${renderReference(parsed)}`)
  const folder = await openDirectoryTree(parsed.path)
  const { tree } = folder
  return {
    image: notIn('manifest'),
    uki: notIn('UKI'),
    files: () => Promise.resolve(tree),
    ...openBootFiles(
      { kernel: () => fileIn(tree, KERNEL_PATH), initramfs: () => fileIn(tree, INITRAMFS_PATH) },
      options.spool,
    ),
    commandLine: lazy(async () => {
      const data = tree.resolve(COMMAND_LINE_PATH)?.data
      return data === undefined ? undefined : new TextDecoder().decode(await readAll(data, MAX_COMMAND_LINE))
    }),
    claimedTalos: () => Promise.resolve(undefined),
    close: async () => {
      await folder.close()
      await options.spool.close()
    },
  }
}
