// Settings that Talos ignores when it boots a UKI: kernel arguments and extensions are inside of it.
import type { Placed } from '#harness/machine-config/facts.ts'
import type { ConfigFinding, ConfigJudge } from '../../support/config-rule.ts'

function ignored(setting: string, items: readonly Placed[], instead: string): readonly ConfigFinding[] {
  const [first] = items
  if (first === undefined) return []
  const got = items.map(({ value }) => value).join(' ')
  return [{ at: first.at, message: `machine.install.${setting} does nothing on arm64`, expected: instead, got }]
}

export const judgeIgnored: ConfigJudge = ({ extraKernelArguments, installExtensions }) => [
  ...ignored('extraKernelArgs', extraKernelArguments, 'the arguments in the image'),
  ...ignored('extensions', installExtensions, 'the extensions in the image'),
]
