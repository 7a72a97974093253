// Options of every command that judges: by which decisions and facts, and how the registry is reached.
import { Option, type Command } from 'commander'
import type { Login } from './registry-options.ts'

export type TermFiles = {
  readonly contract?: string
  readonly lock?: string
  readonly waivers?: string
}

export type JudgeInputs = TermFiles & {
  readonly reference?: string
  readonly advisories?: string
  readonly trustedRoot?: string
}

/** About `--talos`. */
export const TALOS_OF_CONFIG =
  'the Talos that reads the configuration, such as v1.13.9 (default: that of the lock, or of the install image)'

/** About `--schematic`. */
export const SCHEMATIC_OPTION =
  'the schematic that Image Factory made the image of: its id and what it lists must be those of the image'

/** `--contract`, of every command that goes by decisions. */
export function contractOption(): Option {
  return new Option(
    '--contract <FILE>',
    'your decisions (default: talos-image.yaml, here or above, or specs/contract/contract.yaml)',
  )
}

/** `--waivers`, of every command that gives a verdict. */
export function waiversOption(): Option {
  return new Option(
    '--waivers <FILE>',
    'accepted failures (default: waivers.yaml beside your contract, or specs/contract/waivers.yaml)',
  )
}

/** The files that say what is right. */
export function addTermFiles(command: Command): Command {
  return command
    .addOption(contractOption())
    .option(
      '--lock <FILE>',
      'facts of the upstream release (default: talos-image.lock.json, or specs/contract/upstream.lock.json)',
    )
    .addOption(waiversOption())
}

export function addJudgeInputs(command: Command): Command {
  return addTermFiles(command)
    .option('--reference <REFERENCE>', 'where the image is that the lock pins as the reference (default: its registry)')
    .option('--advisories <FILE>', 'known-bad releases and extensions beside those that are shipped')
    .option('--trusted-root <FILE>', 'trusted_root.json of the Sigstore instance that signs (default: the public one)')
}

/** An example of each option of `addTermFiles`. */
export function termExamples(line: string): readonly string[] {
  return [`${line} --contract my.yaml --lock my.lock.json --waivers my-waivers.yaml`]
}

/** An example of each option of `addJudgeInputs`, behind a command line that names an image in a registry. */
export function judgeExamples(line: string): readonly string[] {
  return [
    ...termExamples(line),
    `${line} --reference oci:reference --advisories my-advisories.yaml`,
    `${line} --trusted-root trusted_root.json`,
  ]
}

type Named = Readonly<Record<string, string | undefined>>

/** Arguments of the main job that say the same, and `more`; it believes no earlier run: on its verdict others rely. */
export function judgeArguments(options: JudgeInputs & Login, more: Named): readonly string[] {
  const {
    contract,
    lock,
    reference,
    waivers,
    advisories,
    trustedRoot,
    cache,
    caFile,
    insecure,
    limit,
    username,
    passwordStdin,
  } = options
  const limits = Object.entries(limit ?? {}).flatMap(([name, value]) => ['--limit', `${name}=${value}`])
  const named = {
    contract,
    lock,
    reference,
    waivers,
    advisories,
    'trusted-root': trustedRoot,
    cache,
    'ca-file': caFile,
    username,
    ...more,
  }
  return [
    '--from-bytes',
    ...toArguments(named),
    ...limits,
    ...(passwordStdin === true ? ['--password-stdin'] : []),
    ...(insecure === true ? ['--insecure'] : []),
  ]
}

/** `--name value` for each that has one. */
export function toArguments(named: Named): readonly string[] {
  return Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
}
