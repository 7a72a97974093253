// The pulled content of a run: a rule never reaches for the network.
import { openCache } from '#harness/oci/cache/cache.ts'
import { openRegistryAccess, type RegistryAccess } from '#harness/oci/registry/access.ts'
import type { RunInput } from './run.ts'

type Pulled = Pick<RunInput, 'registry' | 'cacheFolder'>

/** By the input of the run: a cache is checked each time that it is opened. */
const opened = new WeakMap<Pulled, Promise<RegistryAccess | undefined>>()

/** Opens what was pulled; undefined where nothing of the run is in a registry. */
export function openPulled(run: Pulled): Promise<RegistryAccess | undefined> {
  const known = opened.get(run) ?? open(run)
  opened.set(run, known)
  return known
}

async function open({ registry, cacheFolder }: Pulled): Promise<RegistryAccess | undefined> {
  return registry && openRegistryAccess({ ...registry, cache: await openCache(cacheFolder) })
}
