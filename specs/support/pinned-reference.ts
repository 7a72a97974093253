// The image that the lock pins as the reference, for rules that hold a candidate against it.
import { describeError, HarnessError } from '#harness/errors.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { AbsentFactError } from './absent-fact.ts'
import { openSpool, type Shared } from './facts.ts'
import { openPulled } from './pulled.ts'
import type { CandidateInput, RunInput } from './run.ts'

/** CozyStack publishes for amd64 alone. */
export const REFERENCE_ARCHITECTURE = 'amd64'

/**
 * A reference that cannot be had, or cannot be read: nothing that the candidate did. The gate makes it inconclusive.
 */
class UnusableReferenceError extends Error {
  override name = 'UnusableReferenceError'
  readonly code = 'REFERENCE_UNUSABLE'
}

/**
 * The value that `read` gives for the reference. AbsentFactError where the lock pins none; UnusableReferenceError where
 * it is of another Talos release, and in place of every error of the harness.
 */
export async function readReference<T>(
  run: Shared & Pick<RunInput, 'registry'>,
  { lock, pinnedReference }: Pick<CandidateInput, 'lock' | 'pinnedReference'>,
  read: (installer: TalosPart) => Promise<T>,
): Promise<T> {
  if (lock?.reference === undefined) throw new AbsentFactError('reference')
  const name = `the reference ${lock.reference.reference}`
  if (pinnedReference === undefined || 'reason' in pinnedReference)
    throw new UnusableReferenceError(`${name} cannot be had: ${pinnedReference?.reason ?? 'it was not fetched'}`)
  const spool = openSpool(run)
  const registry = await openPulled(run)
  try {
    const options = { spool, registry, architecture: REFERENCE_ARCHITECTURE } as const
    const installer = await openInstaller(pinnedReference.image, options)
    try {
      const talos = await installer.claimedTalos()
      if (talos !== lock.talos)
        throw new UnusableReferenceError(`${name} is of Talos ${talos ?? 'unknown'}, the lock pins ${lock.talos}`)
      return await read(installer)
    } finally {
      await installer.close()
    }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UnusableReferenceError(`${name} cannot be read: ${describeError(error)}`, { cause: error })
  }
}
