// The Talos release that a part belongs to where no lock says which.
import { readAll } from '#harness/bytes/source.ts'
import { orAbsent } from '#harness/errors.ts'
import { parseOsRelease } from '#harness/formats/uki/os-release.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { RootFilesystem } from '#harness/talos/rootfs.ts'

/** siderolabs/talos Dockerfile (rootfs). */
export const OS_RELEASE = 'etc/os-release'
/** Bound of a text file. */
export const TEXT_BYTES = 64 << 10

/**
 * What the part itself claims, or else VERSION_ID in its root filesystem: an asset tree has no label. Errors of the
 * root filesystem.
 */
export async function claimedTalosOf(talos: TalosPart): Promise<string | undefined> {
  return (await talos.claimedTalos()) ?? (await versionIn(await talos.rootfs()))
}

/** The same; undefined where the root filesystem cannot be read, which rules of its own say. */
export function readableClaimOf(talos: TalosPart): Promise<string | undefined> {
  return orAbsent(() => claimedTalosOf(talos))
}

/** VERSION_ID of /etc/os-release. Errors of the root filesystem. */
export async function versionIn(rootfs: RootFilesystem): Promise<string | undefined> {
  const source = await fileIn(await rootfs.tree(), OS_RELEASE)
  const text = new TextDecoder().decode(await readAll(source, TEXT_BYTES))
  return parseOsRelease(text, source.where).get('VERSION_ID')
}
