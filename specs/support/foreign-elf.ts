// The ELF files of a tree that are for another machine.
import { hasElfMagic, machineName, readElf } from '#harness/formats/elf/elf.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'

/** Programs for the kernel's own virtual machine run everywhere. */
const PORTABLE = new Set(['bpf'])
const ELF_MAGIC_SIZE = 4

export type ForeignElf = { readonly path: string; readonly machine: string }

/** Every ELF file that is not for `machine`, in the order of the tree; files and folders of `except` are not looked at. */
export async function findForeignElf(
  tree: FileTree,
  machine: string,
  except: readonly string[] = [],
): Promise<readonly ForeignElf[]> {
  const foreign: ForeignElf[] = []
  for (const { path, data } of tree.entries()) {
    if (
      data === undefined ||
      data.size < ELF_MAGIC_SIZE ||
      except.some((one) => path === one || path.startsWith(`${one}/`))
    )
      continue
    if (!(await hasElfMagic(data))) continue
    const found = machineName((await readElf(data)).machine)
    if (found !== machine && !PORTABLE.has(found)) foreign.push({ path, machine: found })
  }
  return foreign
}
