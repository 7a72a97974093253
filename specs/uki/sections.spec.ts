// What Talos puts into the UKI behind systemd's stub: siderolabs/talos internal/pkg/uki @ v1.11.5.
import { parseCmdline } from '#harness/formats/uki/cmdline.ts'
import { parseOsRelease } from '#harness/formats/uki/os-release.ts'
import { expectedCommandLine } from '../contract/command-line.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

/** Sections without which nothing boots; the others are there when Talos has something to say in them. */
const REQUIRED = ['.osrel', '.cmdline', '.linux', '.initrd', '.profile']

test(
  ...must('UKI-002', "its appended sections stand in systemd's order for this Talos minor", {
    targets: ['installer'],
    needs: ['UKI-001'],
    fix: 'compose the UKI with the imager of the pinned release, or put its sections in the expected order',
  }),
  async ({ uki, quirks, judge }) => {
    const names = uki.appended.map((section) => section.name)
    const base = names.slice(0, names.indexOf('.profile') + 1)
    const allowed = quirks.ukiSectionOrder
    judge(base, uki.where).toEqual(
      allowed
        .filter((name) => REQUIRED.includes(name) || base.includes(name))
        .slice(0, allowed.indexOf('.profile') + 1),
    )
  },
)

test(
  ...must('UKI-003', '`.osrel` says ID=talos and the pinned VERSION_ID', {
    targets: ['installer'],
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
    targets: ['installer'],
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
    "the first `.cmdline` is the metal/arm64 command line of this minor plus the contract's extra arguments, nothing more",
    {
      targets: ['installer'],
      needs: ['UKI-001'],
      pinned: true,
      fix: 'declare arguments in the contract (extraKernelArguments) and in customization.extraKernelArgs of the profile, or in neither',
    },
  ),
  async ({ uki, quirks, contract, pinned, judge }) => {
    pinned('talos')
    judge(parseCmdline((await uki.text('.cmdline')) ?? ''), uki.whereOf('.cmdline')).toEqual(
      expectedCommandLine({
        defaults: quirks.metalArm64CommandLine,
        secureBoot: contract.secureBoot ? quirks.secureBootArguments : [],
        extra: contract.extraKernelArguments,
      }),
    )
  },
)

test(
  ...must('UKI-006', 'the profiles are `main` and `reset-maintenance`, the latter with its own command line', {
    targets: ['installer'],
    needs: ['UKI-001'],
    fix: 'build the installer with `output.kind: installer`: kind `uki` has the main profile only',
  }),
  async ({ uki, quirks, judge }) => {
    const { id, argument } = quirks.installerProfile
    judge(
      uki.profiles.map((profile) => profile.id),
      uki.where,
    ).toEqual(['main', id])
    judge(parseCmdline((await uki.profiles[1]?.text('.cmdline')) ?? ''), uki.whereOf('.profile')).toEqual([
      ...parseCmdline((await uki.text('.cmdline')) ?? ''),
      argument,
    ])
  },
)
