// The command line that a contract asks for, from the defaults of a Talos minor.
import { parseCmdline } from '#harness/formats/cmdline.ts'

export type CommandLineParts = {
  /** The metal/arm64 command line of the minor. */
  readonly defaults: string
  /** What SecureBoot adds behind the defaults; empty without it. */
  readonly secureBoot: readonly string[]
  /** The contract's own; `-name` takes the default `name` or `name=…` away, as imager's `extraKernelArgs` does. */
  readonly extra: readonly string[]
}

/** Parameters in the order in which imager writes them: defaults, SecureBoot's, then the contract's. */
export function expectedCommandLine({ defaults, secureBoot, extra }: CommandLineParts): readonly string[] {
  const removed = extra.filter((argument) => argument.startsWith('-')).map((argument) => argument.slice(1))
  const kept = [...parseCmdline(defaults), ...secureBoot].filter(
    (argument) => !removed.some((name) => argument === name || argument.startsWith(`${name}=`)),
  )
  return [...kept, ...extra.filter((argument) => !argument.startsWith('-'))]
}
