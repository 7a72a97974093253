// The machine configuration beside an image: given with --config, judged as a part of the candidate.
import { loadMachineConfig, type LoadedConfig } from '../../lint-config/files.ts'
import type { Candidate } from './candidates.ts'
import { UsageError, type ConformOptions } from '../../test/options.ts'

const ONE_NODE = '--config is the configuration of one node, and there are candidates of several variants'

/** Undefined without --config. UsageError for what is no machine configuration, or for no one variant. */
export async function loadConfig({ config, references, variant }: ConformOptions): Promise<LoadedConfig | undefined> {
  if (config === undefined) return undefined
  // The embedded candidates are of all variants; told before they are built.
  if (references.length === 0 && variant === undefined)
    throw new UsageError(`${ONE_NODE}: say with --variant which one it is to install, or name its image`)
  return loadMachineConfig(config)
}

/** Every candidate with the configuration as a part, asked for whatever --target says. UsageError for several variants. */
export function withMachineConfig(
  candidates: readonly Candidate[],
  config: LoadedConfig | undefined,
): readonly Candidate[] {
  if (config === undefined) return candidates
  const variants = [...new Set(candidates.map(({ variant }) => variant))]
  if (variants.length > 1)
    throw new UsageError(`${ONE_NODE} (${variants.join(', ')}): name the image that it is to install, and no other`)
  return candidates.map((candidate) => {
    const { targets, parts } = candidate
    return {
      ...candidate,
      config,
      parts: { ...parts, config: { image: false } },
      ...(targets !== undefined && { targets: [...new Set([...targets, 'config' as const])] }),
    }
  })
}
