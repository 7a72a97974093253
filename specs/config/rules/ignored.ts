// Settings that Talos ignores when it boots a UKI: kernel arguments and extensions are inside of it.
import type { Placed } from '#harness/talos/machine-config-facts.ts'
import type { ConfigFinding, ConfigRule } from '../rule.ts'

function ignored(setting: string, items: readonly Placed[], instead: string): readonly ConfigFinding[] {
  const [first] = items
  if (first === undefined) return []
  const got = items.map(({ value }) => value).join(' ')
  return [{ at: first.at, message: `machine.install.${setting} does nothing on arm64`, expected: instead, got }]
}

export const IGNORED_RULES: readonly ConfigRule[] = [
  {
    id: 'CFG-010',
    level: 'should',
    sentence: 'no setting that Talos ignores when it boots a UKI is set',
    fix: 'take it out here; kernel arguments and extensions are built into the image (extraKernelArguments and extensions of the contract)',
    needs: [],
    judge: ({ extraKernelArguments, installExtensions }) => [
      ...ignored('extraKernelArgs', extraKernelArguments, 'the arguments in the image'),
      ...ignored('extensions', installExtensions, 'the extensions in the image'),
    ],
  },
]
