// The sections that Talos puts into the UKI behind systemd's stub: siderolabs/talos internal/pkg/uki @ v1.11.5.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { readAll } from '#harness/bytes/source.ts'
import { parseOsRelease } from '#harness/formats/uki/os-release.ts'
import { MAX_TEXT_SIZE } from '#harness/formats/uki/uki.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { overlayArguments } from '../contract/contract.ts'
import { must, WITH_UKI } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { formCommandLine, formProfiles } from './forms.ts'
import { expectedSections, unprintable } from './sections.ts'

test(
  ...must(
    'UKI-002',
    'its appended sections are exactly those that this Talos minor writes, in order, before and after every `.profile`',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-001'],
      fix: 'compose the UKI with the imager of the pinned release, or put its sections in the expected order: what follows a .profile replaces what is before the first',
    },
  ),
  async ({ uki, quirks, judge }) => {
    const names = uki.appended.map((section) => section.name)
    judge(names, uki.where).toEqual(expectedSections(names, quirks.ukiSectionOrder))
  },
)

test(
  ...must('UKI-003', '`.osrel` says ID=talos and the pinned VERSION_ID', {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001'],
    pinned: true,
    fix: 'set `version` in the profile to the pinned Talos tag',
  }),
  async ({ uki, pinned, judge }) => {
    const release = parseOsRelease((await uki.text('.osrel')) ?? '', uki.where)
    const said = { ID: release.get('ID'), VERSION_ID: release.get('VERSION_ID') }
    judge(said, uki.whereOf('.osrel')).toEqual({ ID: 'talos', VERSION_ID: pinned('talos') })
  },
)

test(
  ...must('UKI-004', '`.uname`, when present, is the pinned kernel release', {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001'],
    pinned: true,
    fix: 'build with the imager of the pinned release: it writes .uname for its own version only',
  }),
  async ({ uki, pinned, judge }) => {
    judge([undefined, pinned('kernelRelease')], uki.whereOf('.uname')).toContain(await uki.text('.uname'))
  },
)

test(
  ...must(
    'UKI-005',
    "the first `.cmdline` is the metal/arm64 command line of this minor plus the contract's extra arguments, byte for byte (an ISO's adds talos.halt_if_installed=1, a medium may be nocloud's)",
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-013'],
      pinned: true,
      fix: 'declare arguments in the contract (extraKernelArguments) and in customization.extraKernelArgs of the profile, or in neither',
    },
  ),
  async ({ uki, form, quirks, contract, pinned, judge }) => {
    pinned('talos')
    const found = ((await uki.text('.cmdline')) ?? '').split(' ')
    judge(found, uki.whereOf('.cmdline')).toEqual(
      formCommandLine(form, found, {
        defaults: quirks.metalArm64CommandLine,
        overlay: overlayArguments(contract),
        secureBoot: contract.secureBoot ? quirks.secureBootArguments : [],
        extra: contract.extraKernelArguments,
      }),
    )
  },
)

test(
  ...must(
    'UKI-006',
    'the profiles are `main` and `reset-maintenance`, the latter with its own command line (an ISO has `reset` for it, a bare UKI may have `main` alone)',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-013'],
      fix: 'build the installer with `output.kind: installer`: kind `uki` has the main profile only',
    },
  ),
  async ({ uki, form, quirks, judge }) => {
    const second = formProfiles(form, uki.profiles.length, quirks.installerProfile)
    judge(
      uki.profiles.map((profile) => profile.description),
      uki.where,
    ).toEqual(['ID=main', ...second.map(({ id, title }) => `ID=${id}\nTITLE=${title}`)])
    const main = (await uki.text('.cmdline')) ?? ''
    const lines = await Promise.all(uki.profiles.slice(1).map((profile) => profile.text('.cmdline')))
    judge(lines, uki.whereOf('.profile')).toEqual(second.map(({ argument }) => `${main} ${argument}`))
  },
)

test(
  ...must('UKI-012', "`.splash`, when present, is the release's picture, or the one that the contract names", {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001'],
    fix: 'build with the imager of the pinned release, without a splash, or name the picture in the contract (splash)',
  }),
  async ({ uki, quirks, contract, judge }) => {
    const splash = uki.first('.splash')
    const found = splash && { size: splash.size, sha256: await sha256Hex(splash) }
    judge(found, uki.whereOf('.splash')).toEqual(contract.splash ?? (found && quirks.splash))
  },
)

test(
  ...must('UKI-013', 'every command line is printable ASCII', {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001'],
    fix: 'remove what is no visible character or space: the kernel reads bytes, and some of them as white space',
  }),
  async ({ uki, judge }) => {
    const lines = uki.appended.filter(({ name }) => name === '.cmdline').map((section) => section.data())
    const wrong = await Promise.all(lines.map((line) => unprintable(line)))
    judge(wrong.flat(), uki.whereOf('.cmdline')).toEqual([])
  },
)

test(
  ...must('UKI-014', "`.osrel` is the root filesystem's `/etc/os-release`, byte for byte", {
    targets: ['installer', 'media'],
    forms: WITH_UKI,
    needs: ['UKI-001', 'INI-003', 'UKI-003', 'ROOT-001', 'REL-007'],
    fix: 'set `version` in the profile to the pinned Talos tag: imager writes the same text that the release has',
  }),
  async ({ uki, rootfs, judge }) => {
    const release = await readAll(await fileIn(await rootfs.tree(), 'etc/os-release'), MAX_TEXT_SIZE)
    judge(await uki.text('.osrel'), uki.whereOf('.osrel')).toBe(new TextDecoder().decode(release))
  },
)
