// From what was typed to the values that the judge takes: references parsed once, registries reached, candidates opened.
import { describeError, HarnessError } from '#harness/errors.ts'
import type { ClientOptions } from '#harness/oci/client/client.ts'
import { parseReference, type Reference } from '#harness/oci/image/reference.ts'
import { openRegistryAccess, type RegistryAccess } from '#harness/oci/registry/access.ts'
import { openCandidates, type OpenedCandidates, type OpenOptions } from '../judge/candidates/open.ts'
import { cacheError, openCacheFolder } from '../judge/candidates/pull.ts'
import { withReference, type ReferencePlace } from '../judge/candidates/reference.ts'
import { UsageError } from '../judge/usage-error.ts'
import { printable } from '../judge/verdict/printable.ts'
import { withKind } from '../judge/candidates/plain-path.ts'
import { startProgress } from './progress.ts'
import { networkOf, sayWaiting, type RegistryOptions } from './registry-options.ts'
import { openTrust } from './trust.ts'

/** A path needs no kind. UsageError, naming the text, for what is no reference. */
export function parseGiven(text: string): Reference {
  try {
    return parseReference(withKind(text))
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(`${text}: ${describeError(error)}`, { cause: error })
    throw error
  }
}

/** Registries as the options say, where one of the references is in one. UsageError; the caller closes it. */
export async function openRegistries(
  references: readonly Reference[],
  options: RegistryOptions,
  { cacheFolder, signal, limits }: Pick<OpenOptions, 'cacheFolder' | 'signal' | 'limits'>,
): Promise<RegistryAccess | undefined> {
  const registries = new Set(references.flatMap((one) => (one.kind === 'registry' ? [one.registry] : [])))
  const network = await networkOf(options, registries)
  if (registries.size === 0) return undefined
  return openRegistryAccess({
    cache: await openCacheFolder(cacheFolder),
    ...(network !== undefined && { network }),
    notify: (message) => note(`offline: ${message}`),
    waiting: sayWaiting(),
    signal,
    limits,
  })
}

function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}

/** The judge's options that the caller supplies. */
export type CandidateTerms = Omit<OpenOptions, 'registry' | 'trust' | 'startProgress'> &
  Pick<ReferencePlace, 'ruleIndex' | 'selected' | 'atHand' | 'reference'>

/** Opens `references` as the options say, with the image that the lock pins as the reference; the caller closes them. */
export async function openGiven(
  references: readonly Reference[],
  options: RegistryOptions & { readonly trustedRoot?: string | undefined },
  terms: CandidateTerms,
): Promise<OpenedCandidates> {
  const { assets, cacheFolder } = terms
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).toReversed()) await one()
  }
  try {
    const registry = await openRegistries([...references, ...(assets === undefined ? [] : [assets])], options, terms)
    if (registry !== undefined) closers.push(() => registry.close())
    const pulling = { ...terms, startProgress: () => startProgress(process.stderr) }
    const trust = registry === undefined ? noTrust : await openTrust({ ...options, cacheFolder, note })
    const opened = await openCandidates(references, { ...pulling, registry, trust })
    closers.push(opened.close)
    // The password that was typed is for the candidates' registry.
    const { username: _, passwordStdin: __, ...others } = options
    const networkTo = (name: string): Promise<ClientOptions | undefined> => networkOf(others, new Set([name]))
    return { ...(await withReference(opened, { ...pulling, networkTo })), close }
  } catch (error) {
    await close()
    throw cacheError(error, cacheFolder) ?? error
  }
}

/** No trust: nothing on disk is signed. */
const noTrust = (): Promise<never> => Promise.reject(new Error('expected a candidate in a registry'))
