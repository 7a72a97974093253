// Settings that Talos ignores when it boots a UKI, whose kernel arguments and extensions are inside of it:
// siderolabs/talos machine.install.{extraKernelArgs,extensions}.
import { should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeIgnored } from './rules/ignored.ts'

test(
  ...should('CFG-010', 'no setting that Talos ignores when it boots a UKI is set', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'take it out here; kernel arguments and extensions are built into the image (extraKernelArguments and extensions of the contract)',
  }),
  async ({ findings }) => {
    findings(judgeIgnored).toEqual([])
  },
)
