// Facts of installer-base beside its digest: its layers, and the configuration that an installer takes over.
import type { OciImage } from '#harness/oci/image/image.ts'
import type { PinnedBase } from '#specs/contract/lock.ts'

export type BaseFacts = Pick<PinnedBase, 'diffIds' | 'config'>

/** SchemaError or FormatError of a configuration that cannot be read. */
export async function readBaseFacts(image: OciImage): Promise<BaseFacts> {
  const { rootfs, config } = await image.config()
  return { diffIds: rootfs.diff_ids ?? [], config: (config ?? {}) as BaseFacts['config'] }
}
