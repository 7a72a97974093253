// Kernel, initramfs and command line as bare files, for machines that boot from the net.
import { overlayArguments } from '../contract/contract.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { formCommandLine } from '../uki/forms.ts'

test(
  ...must(
    'MED-001',
    "the command line beside kernel and initramfs, where there is one, is that of the release plus the contract's extra arguments, byte for byte",
    {
      targets: ['media'],
      forms: ['dir'],
      pinned: true,
      fix: 'write it with imager (output.kind: cmdline) from the profile of the other two, without a line end',
    },
  ),
  async ({ commandLine, form, files, quirks, contract, pinned, judge }) => {
    pinned('talos')
    const found = commandLine?.split(' ')
    judge(found, files.where).toEqual(
      found &&
        formCommandLine(form, found, {
          defaults: quirks.metalArm64CommandLine,
          overlay: overlayArguments(contract),
          secureBoot: contract.secureBoot ? quirks.secureBootArguments : [],
          extra: contract.extraKernelArguments,
        }),
    )
  },
)
