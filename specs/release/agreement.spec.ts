// The release that an image belongs to: one that the contract admits, and, where no lock says which, one and the same
// wherever the image names it.
import { kernelReleaseOf } from '#harness/formats/kernel/kernel-config.ts'
import { parseOsRelease } from '#harness/formats/uki/os-release.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import type { RootFilesystem } from '#harness/talos/rootfs.ts'
import { readSpdx } from '#harness/talos/spdx.ts'
import { admitsTalos } from '../contract/contract.ts'
import { SPDX, SPDX_BYTES } from '../rootfs/files.ts'
import { claimedTalosOf, versionIn } from '../support/claimed-talos.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('REL-006', 'the Talos release is one that the contract admits', {
    targets: ['installer', 'assets', 'media'],
    needs: ['OCI-001', 'OCI-002', 'OCI-004', 'MED-004'],
    fix: 'build for a release within `talos` of the contract, or decide that the contract holds for this one too',
  }),
  async ({ contract, lock, subject, judge }) => {
    const talos = lock?.talos ?? (await claimedTalosOf(subject.talos))
    const { where } = await subject.talos.files()
    const isAdmitted = talos !== undefined && admitsTalos(contract, talos)
    judge({ talos: isAdmitted ? contract.talos : talos }, where).toEqual({ talos: contract.talos })
  },
)

test(
  ...must('REL-007', 'without a lock: label, env VERSION, `.osrel` and /etc/os-release name one Talos release', {
    targets: ['installer'],
    needs: ['OCI-001', 'UKI-001', 'INI-003'],
    unpinned: true,
    fix: 'build all parts from one Talos release; npx talos-image lock pins which',
  }),
  async ({ image, uki, rootfs, judge }) => {
    const [labels, env] = [await image.labels(), await image.env()]
    const said = {
      label: labels.get(VERSION_LABEL),
      VERSION: env.get('VERSION'),
      '.osrel': parseOsRelease((await uki.text('.osrel')) ?? '', uki.where).get('VERSION_ID'),
      'os-release': await versionIn(rootfs),
    }
    judge(said, image.where).toEqual(allLike(said, said.label))
  },
)

test(
  ...must(
    'REL-008',
    'without a lock: banner, `.uname`, module folders, modules and the SPDX document name one kernel release',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['KRN-002', 'INI-003', 'EXT-005'],
      unpinned: true,
      fix: 'take kernel, initramfs and extensions of one Talos release: modules load only into the kernel they were built for',
    },
  ),
  async ({ subject, part, form, kernel, rootfs, modules, judge }) => {
    const { where } = await kernel.payload()
    const release = kernelReleaseOf((await kernel.banner()) ?? '', where)
    const uname =
      part === 'installer' || (part === 'media' && form !== 'dir')
        ? await (await subject.talos.uki()).text('.uname')
        : undefined
    const tree = await rootfs.tree()
    const said = {
      ...(uname !== undefined && { '.uname': uname }),
      'root filesystem': tree
        .children(MODULES_FOLDER)
        .map(({ path }) => path.slice(MODULES_FOLDER.length + 1))
        .join(' '),
      extensions: modules.releases.join(' '),
      SPDX: `${(await kernelPackages(rootfs)).join(' ')}-talos`,
    }
    judge(said, where).toEqual(allLike(said, release))
  },
)

/** The same keys, all of one value. */
function allLike(said: Readonly<Record<string, string | undefined>>, value: string | undefined) {
  return Object.fromEntries(Object.keys(said).map((name) => [name, value]))
}

/** Versions of the kernel's package in the SPDX document, each once. */
async function kernelPackages(rootfs: RootFilesystem): Promise<readonly string[]> {
  const source = await fileIn(await rootfs.tree(), SPDX)
  const { packages } = await readSpdx(source, SPDX_BYTES)
  return [...new Set(packages.flatMap(({ name, versionInfo = 'none' }) => (name === 'kernel' ? [versionInfo] : [])))]
}
