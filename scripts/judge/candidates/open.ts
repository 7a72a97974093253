// From references to candidates that everybody can read: resolved, looked into, pulled.
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import { openCandidate, type Candidate, type CandidateOptions } from './candidates.ts'
import { pullEvidence } from './evidence.ts'
import type { LoadedConfig } from './config-files.ts'
import { withMachineConfig } from './machine-config.ts'
import type { ConformOptions } from '../../test/options.ts'
import { cacheError, openRegistries, pullCandidates } from './pull.ts'

export type OpenedCandidates = {
  readonly candidates: readonly Candidate[]
  /** What is wrong with what was pulled; undefined where nothing is in a registry. */
  readonly failures?: BlobFailures | undefined
  /** Text of the trusted root that signatures are held against. */
  readonly trustedRoot?: string | undefined
}

export type OpenOptions = Omit<CandidateOptions, 'variant' | 'registry'> & {
  readonly config: LoadedConfig | undefined
  readonly signal: AbortSignal
}

/** Every candidate, what is in a registry pulled into the cache; nobody needs the network after that. */
export async function openCandidates(
  references: readonly string[],
  options: ConformOptions,
  { signal, config, ...common }: OpenOptions,
): Promise<OpenedCandidates> {
  const { variant } = options
  const { cacheFolder } = common
  const registry = await openRegistries(options, { folder: cacheFolder, signal })
  try {
    const opened: Candidate[] = []
    for (const [index, reference] of references.entries())
      opened.push(await openCandidate(reference, String(index), { ...common, variant, registry }))
    const candidates = withMachineConfig(opened, config)
    const failures = registry && (await pullCandidates(registry, candidates, { cacheFolder, signal }))
    const place = { ...options, contract: common.contract, folder: cacheFolder }
    const trustedRoot = registry && (await pullEvidence(registry, candidates, place))
    return { candidates, failures, trustedRoot }
  } catch (error) {
    throw cacheError(error, cacheFolder) ?? error
  } finally {
    await registry?.close()
  }
}
