// Registries for one run: how they are reached, and everything pulled into the cache before a rule looks.
import { Spool } from '#harness/bytes/spool.ts'
import { describeError, FormatError, HarnessError } from '#harness/errors.ts'
import { openCache, type Cache } from '#harness/oci/cache/cache.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { openStore } from '#harness/oci/open.ts'
import { parseReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { openRegistryAccess, type RegistryAccess } from '#harness/oci/registry/access.ts'
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import { pullLayers, readDocuments, type Pull } from '#harness/oci/registry/pull.ts'
import { networkOf, type RegistryOptions } from '../../cli/registry-options.ts'
import type { Candidate } from './candidates.ts'
import type { ConformOptions } from '../../test/options.ts'
import { UsageError } from '../usage-error.ts'
import { startProgress } from '../../cli/progress.ts'

type Place = { readonly folder: string; readonly signal: AbortSignal }

/** Undefined where no reference is one of a registry. UsageError for options that do not go together. */
export async function openRegistries(
  options: RegistryOptions & Pick<ConformOptions, 'references' | 'assets'>,
  { folder, signal }: Place,
): Promise<RegistryAccess | undefined> {
  const { references, assets = [] } = options
  const registries = new Set([references, assets].flat().flatMap(registryOf))
  const network = await networkOf(options, registries)
  if (registries.size === 0) return undefined
  return openRegistryAccess({
    cache: await openCacheFolder(folder),
    ...(network !== undefined && { network }),
    notify: (message) => process.stderr.write(`offline: ${message}\n`),
    signal,
  })
}

/** What is no reference is told by whoever opens it. */
function registryOf(text: string): readonly string[] {
  try {
    const reference = parseReference(text)
    return reference.kind === 'registry' ? [reference.registry] : []
  } catch (error) {
    if (error instanceof HarnessError) return []
    throw error
  }
}

/**
 * Every candidate that is in a registry, as a whole, into the cache; what is wrong with them is the result. UsageError
 * for what cannot be fetched: nothing can be judged then.
 */
export async function pullCandidates(
  access: RegistryAccess,
  candidates: readonly Candidate[],
  { cacheFolder, signal }: { readonly cacheFolder: string; readonly signal: AbortSignal },
): Promise<BlobFailures> {
  const progress = startProgress(process.stderr)
  try {
    const pulls: Pull[] = []
    for (const text of candidates.flatMap(({ references }) => Object.values(references))) {
      const reference = parseReference(text)
      if (reference.kind === 'registry') pulls.push(await listPull(access, reference, cacheFolder))
    }
    await pullLayers(access, pulls, { signal, onStart: progress.start, onBytes: progress.advance })
    return access.failures()
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(error.message, { cause: error })
    throw error
  } finally {
    progress.stop()
  }
}

async function listPull(access: RegistryAccess, reference: RegistryReference, cacheFolder: string): Promise<Pull> {
  const spool = new Spool(areaFolder(cacheFolder, 'spool'))
  const store = await openStore(reference, { spool, registry: access })
  try {
    return await readDocuments(reference, store, await openImage(store, { spool }))
  } finally {
    await store.close()
    await spool.close()
  }
}

/** The cache in a folder; UsageError for a folder that is none and may not become one. */
export async function openCacheFolder(folder: string): Promise<Cache> {
  try {
    return await openCache(folder)
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(describeError(error), { cause: error })
    throw cacheError(error, folder) ?? error
  }
}

/** A full disk or a folder that is not ours, in one sentence; undefined for what is no error of the file system. */
export function cacheError(error: unknown, folder: string): UsageError | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined
  return new UsageError(`the cache ${folder} cannot be written (${error.message}): give another folder with --cache`, {
    cause: error,
  })
}
