// The pulled content of a run: a rule never reaches for the network.
import { openCache } from '#harness/oci/cache/cache.ts'
import { openRegistryAccess, type RegistryAccess } from '#harness/oci/registry/access.ts'
import type { RunInput } from './run.ts'

/** Opens what was pulled; undefined where nothing of the run is in a registry. */
export async function openPulled({
  registry,
  cacheFolder,
}: Pick<RunInput, 'registry' | 'cacheFolder'>): Promise<RegistryAccess | undefined> {
  return registry && openRegistryAccess({ ...registry, cache: await openCache(cacheFolder) })
}
