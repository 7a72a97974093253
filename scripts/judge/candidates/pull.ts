// Everything of the candidates that is in a registry, into the cache before a rule looks.
import { describeError, FormatError, HarnessError } from '#harness/errors.ts'
import type { TarListener } from '#harness/oci/cache/arrival.ts'
import { openCache, type Cache } from '#harness/oci/cache/cache.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import { pullLayers, readDocuments, type Pull } from '#harness/oci/registry/pull.ts'
import { UsageError } from '../usage-error.ts'
import type { OpenedPart } from './part.ts'

/** The progress of a pull, for a person who waits. */
export type PullProgress = {
  /** `bytes` are to come. */
  readonly start: (bytes: number) => void
  /** Reports bytes that came; a negative number where some must come again. */
  readonly advance: (bytes: number) => void
  readonly stop: () => void
}

export type PullOptions = {
  readonly signal: AbortSignal
  readonly startProgress: () => PullProgress
  /** Gives a listener for the tar of each layer that is pulled. */
  readonly onTar?: ((path: string) => TarListener) | undefined
}

/**
 * Every part that is in a registry, as a whole, into the cache; what is wrong with them is kept by `access`. UsageError for
 * what cannot be fetched: nothing can be judged then.
 */
export async function pullParts(
  access: RegistryAccess,
  parts: readonly OpenedPart[],
  { signal, startProgress, onTar }: PullOptions,
): Promise<void> {
  const progress = startProgress()
  try {
    const pulls: Pull[] = []
    for (const { reference, content } of parts)
      if (reference.kind === 'registry' && content !== undefined)
        pulls.push(await readDocuments(reference, content.store, content.image))
    await pullLayers(access, pulls, { signal, onStart: progress.start, onBytes: progress.advance, onTar })
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(error.message, { cause: error })
    throw error
  } finally {
    progress.stop()
  }
}

/** The cache in a folder; UsageError for a folder that is none and may not become one. */
export async function openCacheFolder(cacheFolder: string): Promise<Cache> {
  try {
    return await openCache(cacheFolder)
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(describeError(error), { cause: error })
    throw cacheError(error, cacheFolder) ?? error
  }
}

/** A full disk or a folder that is not ours, in one sentence; undefined for what is no error of the file system. */
export function cacheError(error: unknown, cacheFolder: string): UsageError | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined
  return new UsageError(
    `the cache ${cacheFolder} cannot be written (${error.message}): give another folder with --cache`,
    { cause: error },
  )
}
