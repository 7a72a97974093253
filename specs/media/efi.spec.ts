// The file system that firmware reads: of a raw disk its EFI partition, of an ISO the FAT image that is appended to it.
// siderolabs/talos v1.12.11 internal/app/machined/pkg/runtime/v1alpha1/bootloader/sdboot, pkg/imager/iso.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { skipPadding } from '#harness/bytes/padding.ts'
import { bytesSource, readAll, type ByteSource } from '#harness/bytes/source.ts'
import { PE_MACHINE_ARM64, PE_SUBSYSTEM_EFI_APPLICATION, readPe } from '#harness/formats/uki/pe.ts'
import { BOOT_LOADER, fileIgnoringCase, ukisIn } from '#harness/talos/media/medium.ts'
import { readBootLoader } from '../installer/boot-loader.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { signatureFindings } from '../uki/signed.ts'
import { expectedPaths, isEnrolledKey, isOfBoard, loaderConfigurations, SIGNING_CERTIFICATE } from './efi.ts'

const LOADER_CONFIGURATION = 'loader/loader.conf'
const MAX_TEXT_BYTES = 64 << 10
/** Of the FAT image in an ISO: mkfs.vfat's own choice. */
const ISO_SECTOR_SIZE = 512
/** Talos keeps the UKI that it was upgraded from. */
const KEPT_UKIS = 2

test(
  ...must(
    'MED-004',
    'its EFI file system is FAT32 labelled EFI, with sectors as wide as those of the partition table (512 bytes on an ISO), its tables and boot sectors agree, and every chain of clusters is one file',
    {
      targets: ['media'],
      forms: ['iso', 'raw'],
      needs: ['MED-003', 'MED-010'],
      fix: 'let imager write the file system: firmware reads what a repair by another tool would not show',
    },
  ),
  async ({ medium, form, judge }) => {
    const { label, tablesAgree, bootSectorsAgree, boot, where } = await medium.efi()
    const { sectorSize } = boot
    judge({ label, sectorSize, tablesAgree, bootSectorsAgree }, where).toEqual({
      label: 'EFI',
      sectorSize: form === 'raw' ? (await medium.disk()).gpt.sectorSize : ISO_SECTOR_SIZE,
      tablesAgree: true,
      bootSectorsAgree: true,
    })
  },
)

test(
  ...must(
    'MED-005',
    'its EFI file system holds exactly the boot loader, one UKI of the release and `loader.conf` (an ISO of 1.14 `random-seed`; with SecureBoot the keys to enroll, of an ISO the certificate too; a disk with a board’s overlay also what its program copies, elsewhere than the boot loader looks)',
    {
      targets: ['media'],
      forms: ['iso', 'raw'],
      needs: ['MED-004'],
      fix: 'write the medium anew: systemd-boot lists every UKI in EFI/Linux and boots the highest version',
    },
  ),
  async ({ medium, form, lock, quirks, contract, note, judge }) => {
    const { tree } = await medium.efi()
    const paths = [...tree.entries()].flatMap(({ path, type }) => (type === 'file' ? [path.toLowerCase()] : []))
    const isIso = form === 'iso'
    const mayHaveKeys = contract.secureBoot && (isIso || quirks.diskEnrollsKeys)
    const own = paths.filter((path) => !isIso && contract.overlays !== undefined && isOfBoard(path))
    if (own.length > 0)
      note(`${own.length} files of the board, which its overlay’s program copies: ${own.join(', ')}`, tree.where)
    const found = paths.filter((path) => !own.includes(path) && (!mayHaveKeys || !isEnrolledKey(path)))
    judge(found.toSorted(), tree.where).toEqual(
      expectedPaths({
        talos: lock?.talos,
        found,
        hasRandomSeed: isIso && quirks.isoHasRandomSeed,
        hasCertificate: isIso && contract.secureBoot,
      }),
    )
  },
)

test(
  ...must(
    'MED-006',
    'the program that firmware starts, `BOOTAA64.EFI`, is the pinned `systemd-boot.efi`, with nothing but zeros behind it, signed exactly where the contract is SecureBoot, with the certificate that an ISO offers',
    {
      targets: ['media'],
      forms: ['iso', 'raw'],
      needs: ['MED-005'],
      pinned: true,
      fix: 'take systemd-boot.efi from imager:/usr/install/arm64 of the pinned release',
    },
  ),
  async ({ medium, form, contract, pinned, note, judge }) => {
    const { tree } = await medium.efi()
    const file = fileIgnoringCase(tree, BOOT_LOADER)
    const source = await withoutPadding(file, pinned('systemdBoot').size)
    if (source.size < file.size)
      note(`${file.size - source.size} zeros behind the program, which firmware does not load`, file.where)
    const { machine, subsystem, isSigned, own } = await readBootLoader(source, pinned('systemdBoot'))
    judge({ machine, subsystem, isSigned }, source.where).toEqual({
      machine: PE_MACHINE_ARM64,
      subsystem: PE_SUBSYSTEM_EFI_APPLICATION,
      isSigned: contract.secureBoot,
    })
    judge(own, source.where).toEqual(pinned('systemdBoot'))
    const { broken, notes, certificate } = await signatureFindings(source, await readPe(source), contract)
    for (const text of notes) note(text, source.where)
    judge(broken, source.where).toEqual([])
    if (form !== 'iso' || certificate === undefined) return
    const offered = fileIgnoringCase(tree, SIGNING_CERTIFICATE)
    judge(await sha256Hex(offered), offered.where).toBe(await sha256Hex(bytesSource(certificate)))
  },
)

/** The first `size` bytes where zeros alone follow: firmware loads what the headers of a program name. */
async function withoutPadding(file: ByteSource, size: number): Promise<ByteSource> {
  const isPadded = file.size > size && (await skipPadding(file, size)) === file.size
  return isPadded ? file.slice(0, size, file.where) : file
}

test(
  ...must(
    'MED-007',
    '`loader.conf` is what imager writes: a timeout of 10 s, no default, and what becomes of SecureBoot’s keys on an ISO or where there are some',
    {
      targets: ['media'],
      forms: ['iso', 'raw'],
      needs: ['MED-005'],
      fix: 'leave it as imager wrote it: a default that names no file, or another one, changes what boots',
    },
  ),
  async ({ medium, form, contract, judge }) => {
    const { tree } = await medium.efi()
    const source = fileIgnoringCase(tree, LOADER_CONFIGURATION)
    const text = new TextDecoder().decode(await readAll(source, MAX_TEXT_BYTES))
    const hasKeys = [...tree.entries()].some(({ path }) => isEnrolledKey(path.toLowerCase()))
    const known = loaderConfigurations({ isIso: form === 'iso', secureBoot: contract.secureBoot, hasKeys })
    judge(text, source.where).toBe(known.find((one) => one === text) ?? known[0])
  },
)

test(
  ...must('MED-009', 'its EFI partition has room for the UKI that an upgrade puts beside this one', {
    targets: ['media'],
    forms: ['raw'],
    needs: ['MED-005'],
    fix: 'leave extensions or firmware out: Talos keeps the UKI that it was upgraded from, and an upgrade fails without room',
  }),
  async ({ medium, judge }) => {
    const { tree, freeBytes, where } = await medium.efi()
    const size = Math.max(0, ...ukisIn(tree).map((uki) => uki.size))
    const missing = Math.max(0, size * (KEPT_UKIS - 1) - freeBytes)
    judge(`${missing} bytes missing`, where).toBe('0 bytes missing')
  },
)
