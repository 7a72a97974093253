// Facts of the UKI of upstream's own installer: how it boots metal/arm64, and how it is put together.
import type { FileTree } from '#harness/fs/file-tree.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { readUki } from '#harness/formats/uki/uki.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import type { Lock } from '#specs/contract/lock.ts'

export type UkiFacts = Pick<Lock, 'commandLine' | 'ukiSections'>

/** `installer` is the tree of that image. NotFoundError where it has no UKI; errors of `readUki`. */
export async function readUkiFacts(installer: FileTree): Promise<UkiFacts> {
  const uki = await readUki(await fileIn(installer, UKI_PATH))
  const commandLine = await uki.text('.cmdline')
  return {
    ...(commandLine !== undefined && { commandLine }),
    ukiSections: uki.appended.map(({ name }) => name),
  }
}
