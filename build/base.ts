// The base of every variant: the four files of upstream's imager as pinned, and what the base initramfs says.
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { toBootArchive } from '#harness/talos/boot/archive.ts'
import { readInitramfs } from '#harness/talos/boot/initramfs.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import { openRootFilesystem } from '#harness/talos/rootfs.ts'
import { BuildError } from './build-error.ts'
import type { Plan } from './plan.ts'
import { takePinnedFile, type UpstreamParts } from './upstream/upstream.ts'

export type Base = {
  readonly kernel: ByteSource
  readonly initramfs: ByteSource
  readonly systemdStub: Uint8Array
  readonly systemdBoot: ByteSource
  /** Talos' root filesystem. */
  readonly rootfs: FileTree
  readonly osRelease: Uint8Array
  /** The one folder of modules in it. */
  readonly kernelRelease: string
}

/** systemd-stub has some 200 KiB. */
const MAX_STUB = 16 << 20
const MAX_OS_RELEASE = 64 << 10

/** Errors of the readers; BuildError KERNEL_RELEASE where the base is not of the lock's kernel. */
export async function openBase(upstream: UpstreamParts, plan: Plan, spool: Spool): Promise<Base> {
  const take = (name: keyof Plan['files']) => takePinnedFile(upstream, name, plan.files[name], spool)
  const initramfs = await take('baseInitramfs')
  const rootfs = await (await openRootFilesystem(await toBootArchive(await readInitramfs(initramfs, spool)))).tree()
  return {
    kernel: await take('kernel'),
    initramfs,
    systemdStub: await readAll(await take('systemdStub'), MAX_STUB),
    systemdBoot: await take('systemdBoot'),
    rootfs,
    osRelease: await readAll(await fileIn(rootfs, 'etc/os-release'), MAX_OS_RELEASE),
    kernelRelease: findKernelRelease(rootfs, plan.kernelRelease),
  }
}

function findKernelRelease(rootfs: FileTree, pinned: string | undefined): string {
  const releases = rootfs.children(MODULES_FOLDER).map(({ path }) => path.slice(MODULES_FOLDER.length + 1))
  const [release, ...others] = releases
  if (release !== undefined && others.length === 0 && (pinned === undefined || pinned === release)) return release
  const got = releases.join(', ') || 'none'
  throw new BuildError(
    'KERNEL_RELEASE',
    pinned === undefined
      ? `the base has modules for ${got}, expected for one kernel`
      : `the lock pins the kernel ${pinned}, the base has modules for ${got}`,
    { at: rootfs.where },
  )
}
