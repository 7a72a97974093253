// The part of a candidate that boots, the same for a UKI and for an asset tree: kernel, initramfs, what is in it.
import { identify } from '../../bytes/digest.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { lazy } from '../../lazy.ts'
import { toBootArchive } from './archive.ts'
import { readExtensions } from '../extensions.ts'
import { readInitramfs } from './initramfs.ts'
import { openKernel } from '../kernel.ts'
import type { TalosPart } from '../part.ts'
import { readInstalledModules } from '../modules.ts'
import { openRootFilesystem } from '../rootfs.ts'

/** The sources of the two files of a part. */
export type BootSources = {
  readonly kernel: () => Promise<ByteSource>
  readonly initramfs: () => Promise<ByteSource>
}

export function openBootFiles(
  sources: BootSources,
  spool: Spool,
): Pick<TalosPart, 'kernel' | 'initramfs' | 'initramfsLayout' | 'extensions' | 'rootfs' | 'modules'> {
  const initramfsLayout = lazy(async () => readInitramfs(await sources.initramfs(), spool))
  const initramfs = lazy(async () => toBootArchive(await initramfsLayout()))
  const extensions = lazy(async () => readExtensions(await initramfs()))
  const rootfs = lazy(async () => openRootFilesystem(await initramfs()))
  return {
    kernel: lazy(async () => openKernel(await identify(await sources.kernel(), spool.facts), spool)),
    initramfs,
    initramfsLayout,
    extensions,
    rootfs,
    modules: lazy(async () => readInstalledModules(await rootfs(), await extensions())),
  }
}
