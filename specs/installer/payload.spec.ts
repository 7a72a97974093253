// The files that imager adds to installer-base since Talos 1.10: siderolabs/talos pkg/imager/out.go,
// pkg/imager/filemap.
import { PE_MACHINE_ARM64, PE_SUBSYSTEM_EFI_APPLICATION, readPe } from '#harness/formats/uki/pe.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { SYSTEMD_BOOT_PATH, UKI_PATH } from '#harness/talos/installer.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { signatureFindings } from '../uki/signed.ts'
import { readBootLoader } from './boot-loader.ts'

const INSTALL = 'usr/install'

test(
  ...must('INS-001', '`usr/install/arm64` holds exactly the UKI `vmlinuz.efi` and `systemd-boot.efi`', {
    targets: ['installer'],
    needs: ['OCI-001', 'OCI-002', 'OCI-004', 'OCI-003'],
    fix: 'build the installer with `arch: arm64` and `output.kind: installer`, and add nothing to its last layer',
  }),
  async ({ files, judge }) => {
    const found = [...files.under(`${INSTALL}/arm64`)].filter((entry) => entry.type !== 'directory')
    judge(found.map((entry) => `${entry.path} ${entry.type}`).toSorted(), files.where).toEqual([
      `${SYSTEMD_BOOT_PATH} file`,
      `${UKI_PATH} file`,
    ])
  },
)

test(
  ...must('INS-002', 'no other architecture has a `usr/install` directory', {
    targets: ['installer'],
    needs: ['OCI-001', 'OCI-002', 'OCI-004', 'OCI-003'],
    fix: 'start from installer-base of the pinned release: it carries no boot files of any architecture',
  }),
  async ({ files, judge }) => {
    const others = [...files.under(INSTALL)].map((entry) => entry.path).filter((path) => !isOfArm64(path))
    judge(others, files.where).toEqual([])
  },
)

function isOfArm64(path: string): boolean {
  return path === `${INSTALL}/arm64` || path.startsWith(`${INSTALL}/arm64/`)
}

test(
  ...must(
    'INS-004',
    '`systemd-boot.efi` is an aarch64 EFI application, without its signature the pinned upstream bytes',
    {
      targets: ['installer'],
      needs: ['INS-001'],
      pinned: true,
      fix: 'take systemd-boot.efi from imager:/usr/install/arm64 of the pinned release',
    },
  ),
  async ({ files, contract, pinned, judge }) => {
    const source = await fileIn(files, SYSTEMD_BOOT_PATH)
    const { machine, subsystem, isSigned, own } = await readBootLoader(source, pinned('systemdBoot'))
    judge({ machine, subsystem }, source.where).toEqual({
      machine: PE_MACHINE_ARM64,
      subsystem: PE_SUBSYSTEM_EFI_APPLICATION,
    })
    judge(isSigned, source.where).toBe(contract.secureBoot)
    judge(own, source.where).toEqual(pinned('systemdBoot'))
  },
)

test(
  ...must(
    'INS-013',
    '`systemd-boot.efi`, where it is signed, holds a valid Authenticode signature by the certificate that the contract names, or by the one inside',
    {
      targets: ['installer'],
      needs: ['INS-004'],
      fix: 'sign with imager (secureboot: true and its keys), change nothing afterwards, and name the certificate in the contract (secureBootCertificate)',
    },
  ),
  async ({ files, contract, note, judge }) => {
    const source = await fileIn(files, SYSTEMD_BOOT_PATH)
    const { broken, notes } = await signatureFindings(source, await readPe(source), contract)
    for (const text of notes) note(text, source.where)
    judge(broken, source.where).toEqual([])
  },
)
