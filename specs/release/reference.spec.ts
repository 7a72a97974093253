// The image against CozyStack's own Talos installer, which is for amd64 alone
// (cozystack/cozystack packages/core/talos, up to v0.39 packages/core/installer).
import { REFERENCE_ARCHITECTURE } from '../support/pinned-reference.ts'
import { architectureOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { allowedDifferences, describeInstaller } from './comparable.ts'

test(
  ...must(
    'REL-005',
    "against the pinned upstream reference, the image differs only by architecture, declared extensions, the contract's arguments and the labels of OCI-009",
    {
      targets: ['release'],
      scope: 'installer',
      only: { reference: true },
      needs: ['OCI-001', 'OCI-002', 'INS-001', 'INS-010', 'INS-011', 'UKI-001', 'UKI-002', 'UKI-006'],
      pinned: true,
      fix: 'leave out what CozyStack’s image has not, or declare it in the contract; npx talos-image lock --reference IMAGE pins which image that is, of the same Talos version',
    },
  ),
  async ({ subject, image, files, uki, reference, contract, quirks, judge }) => {
    const allowed = allowedDifferences(contract, quirks)
    const expected = await reference((installer) => describeInstaller(installer, REFERENCE_ARCHITECTURE, allowed))
    const got = await describeInstaller(subject.talos, architectureOf(contract), allowed)
    judge(got.config, image.where).toEqual(expected.config)
    judge(got.files, files.where).toEqual(expected.files)
    judge(got.sections, uki.where).toEqual(expected.sections)
    judge(got.profiles, uki.whereOf('.profile')).toEqual(expected.profiles)
    judge(got.commandLine, uki.whereOf('.cmdline')).toEqual(expected.commandLine)
  },
)
