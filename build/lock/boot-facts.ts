// Facts of a Talos release by the four files of imager:/usr/install/arm64.
import { createHash } from 'node:crypto'
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { kernelReleaseOf } from '#harness/formats/kernel/kernel-config.ts'
import { readModule } from '#harness/formats/modules/module.ts'
import { verifyModuleSignature } from '#harness/formats/modules/signature.ts'
import { readStub } from '#harness/formats/uki/stub.ts'
import type { BootArchive } from '#harness/talos/boot/archive.ts'
import { openBootFiles } from '#harness/talos/boot/files.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import type { Lock, PinnedFile } from '#specs/contract/lock.ts'
import type { UpstreamFile } from '../upstream/upstream.ts'

export type ReleaseFiles = Readonly<Record<UpstreamFile, ByteSource>>
type BootFacts = Pick<Lock, 'sourceDate' | 'kernelRelease' | UpstreamFile>
type ModuleKey = NonNullable<Lock['moduleKey']>

export type BootReader = {
  /** Errors of the readers of kernel, initramfs and stub. */
  facts(): Promise<BootFacts>
  /**
   * The key in the kernel that its own modules are signed by; undefined where the kernel carries no certificate, or the
   * root filesystem no module. VerificationError where no certificate is that of the first module.
   */
  moduleKey(): Promise<ModuleKey | undefined>
}

/** Kernel and initramfs are unpacked once, when first asked. */
export function openReleaseFiles(files: ReleaseFiles, spool: Spool): BootReader {
  const boot = openBootFiles(
    { kernel: () => Promise.resolve(files.kernel), initramfs: () => Promise.resolve(files.baseInitramfs) },
    spool,
  )
  return {
    async facts() {
      const sourceDate = await readSourceDate(await boot.initramfs())
      return {
        ...(sourceDate !== undefined && { sourceDate }),
        kernelRelease: kernelReleaseOf((await (await boot.kernel()).banner()) ?? '', files.kernel.where),
        kernel: await pin(files.kernel),
        baseInitramfs: await pin(files.baseInitramfs),
        systemdStub: { ...(await pin(files.systemdStub)), ...(await readStub(files.systemdStub)) },
        systemdBoot: await pin(files.systemdBoot),
      }
    },
    async moduleKey() {
      const certificates = await (await boot.kernel()).certificates()
      const tree = await (await boot.rootfs()).tree()
      const modules = [...tree.under(MODULES_FOLDER)].flatMap(({ path, data }) =>
        data !== undefined && path.endsWith('.ko') ? [data] : [],
      )
      const [first] = modules
      if (certificates.length === 0 || first === undefined) return undefined
      const { keyId, certificate } = await verifyModuleSignature(await readModule(first), certificates)
      return { keyId, certificateSha256: createHash('sha256').update(certificate.raw).digest('hex') }
    },
  }
}

async function pin(source: ByteSource): Promise<PinnedFile> {
  return { size: source.size, sha256: await sha256Hex(source) }
}

/** Upstream sets every time in the base archive to that of its commit; where they differ the date is not known. */
async function readSourceDate({ base }: BootArchive): Promise<number | undefined> {
  const times = new Set((await base?.archive())?.entries.map(({ mtime }) => mtime))
  return times.size === 1 ? [...times][0] : undefined
}
