// The newest stable release of Talos that the contract is written for, by the tags of installer-base.
import semver from 'semver'
import { openRegistryClient, type ClientOptions } from '#harness/oci/client/client.ts'
import { listTags } from '#harness/oci/client/tags.ts'
import type { RegistryReference } from '#harness/oci/image/reference.ts'
import { about, LockError } from './lock-error.ts'

/** `vX.Y.Z` and nothing behind it: what upstream calls a release. */
const STABLE = /^v\d+\.\d+\.\d+$/

/** LockError where the repository has none in `range`, or cannot be asked. */
export async function findLatest(
  { registry, repository }: RegistryReference,
  range: string,
  network: ClientOptions,
  signal: AbortSignal,
): Promise<string> {
  const name = `${registry}/${repository}`
  const client = openRegistryClient(registry, network)
  try {
    const tags = await about(name, () => listTags(client, repository, signal))
    const latest = newestOf(tags, range)
    if (latest !== undefined) return latest
    throw new LockError('wrong', `${name}: expected a stable release in ${range}, got none among ${tags.length} tags`)
  } finally {
    await client.close()
  }
}

export function newestOf(tags: readonly string[], range: string): string | undefined {
  const stable = tags.filter((tag) => STABLE.test(tag) && semver.satisfies(tag, range))
  return stable.toSorted(semver.rcompare)[0]
}
