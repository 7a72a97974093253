// A Talos installer image since 1.10: kernel and initramfs sit inside the UKI usr/install/<architecture>/vmlinuz.efi
// (siderolabs/talos pkg/imager/out.go).
import { readUki } from '../formats/uki/uki.ts'
import { fileIn } from '../fs/file-in.ts'
import type { FileTree } from '../fs/file-tree.ts'
import { lazy } from '../lazy.ts'
import { openImage } from '../oci/image/image.ts'
import { openStore, type OpenOptions } from '../oci/open.ts'
import type { Reference } from '../oci/image/reference.ts'
import type { Architecture } from '../oci/image/selection.ts'
import type { ContentStore } from '../oci/store.ts'
import { openUkiPart } from './boot/uki-part.ts'
import { noMedium, type TalosPart } from './part.ts'

export const UKI_PATH = ukiPathOf('arm64')
export const SYSTEMD_BOOT_PATH = 'usr/install/arm64/systemd-boot.efi'
/** Label of installer-base, imager and installer: the Talos tag. */
export const VERSION_LABEL = 'alpha.talos.dev/version'

export type InstallerOptions = OpenOptions & {
  /** arm64 unless given. */
  readonly architecture?: Architecture
}

/** Opens what `reference` names; rejects when that is no container of an image at all. */
export async function openInstaller(reference: Reference, options: InstallerOptions): Promise<TalosPart> {
  return installerIn(await openStore(reference, options), options)
}

/** The installer in a store, which is closed with it, as is the spool. */
export function installerIn(
  store: ContentStore,
  { spool, architecture = 'arm64' }: Pick<InstallerOptions, 'spool' | 'architecture'>,
): TalosPart {
  const path = ukiPathOf(architecture)
  const image = lazy(() => openImage(store, { spool, architecture }))
  const files = async (): Promise<FileTree> => (await image()).tree()
  return {
    image,
    files,
    medium: noMedium,
    extraPaths: () => Promise.resolve([]),
    ...openUkiPart(
      lazy(async () => readUki(await fileIn(await files(), path))),
      spool,
    ),
    claimedTalos: lazy(async () => (await (await image()).config()).config?.Labels?.[VERSION_LABEL]),
    close: async () => {
      await store.close()
      await spool.close()
    },
  }
}

function ukiPathOf(architecture: Architecture): string {
  return `usr/install/${architecture}/vmlinuz.efi`
}
