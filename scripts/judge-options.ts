// What every command that judges can be told: by which decisions and facts, and how the registry is reached.
import type { Command } from 'commander'

export type JudgeInputs = {
  readonly contract?: string
  readonly lock?: string
  readonly reference?: string
  readonly waivers?: string
  readonly trustedRoot?: string
}

/** How the main job reaches the registry of images that another command has pushed there. */
export type JudgeReach = { readonly cache?: string; readonly caFile?: string; readonly insecure: boolean }

export function addJudgeInputs(command: Command): Command {
  return command
    .option('--contract <FILE>', 'your decisions (default: specs/contract/contract.yaml)')
    .option('--lock <FILE>', 'facts of the pinned upstream release (default: specs/contract/upstream.lock.json)')
    .option(
      '--reference <REFERENCE>',
      'where the image lies that the lock pins as the reference (default: its registry)',
    )
    .option('--waivers <FILE>', 'accepted failures (default: specs/contract/waivers.yaml)')
    .option('--trusted-root <FILE>', 'trusted_root.json of the Sigstore instance that signs (default: the public one)')
}

export function addJudgeReach(command: Command): Command {
  return command
    .option('--cache <DIR>', 'folder for what is pulled (default: $XDG_CACHE_HOME/talos-image-contract/v1)')
    .option('--ca-file <FILE>', 'PEM certificates to trust beside those of the system')
    .option('--insecure', 'speak plain HTTP where a registry speaks no TLS, also to other machines', false)
}

type Named = Readonly<Record<string, string | undefined>>

/** Arguments of the main job that say the same, and `more`. */
export function judgeArguments(options: JudgeInputs & JudgeReach, more: Named): readonly string[] {
  const { contract, lock, reference, waivers, trustedRoot, cache, caFile, insecure } = options
  const named = { contract, lock, reference, waivers, 'trusted-root': trustedRoot, cache, 'ca-file': caFile, ...more }
  return [...toArguments(named), ...(insecure ? ['--insecure'] : [])]
}

/** `--name value` for each that has one. */
export function toArguments(named: Named): readonly string[] {
  return Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
}
