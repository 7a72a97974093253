// The answers of registries without a network, as this user was told them before.
import { NotFoundError, RegistryError, type Location } from '../../errors.ts'
import type { Cache } from '../cache/cache.ts'
import type { Names } from '../cache/names.ts'
import type { RegistryReference } from '../image/reference.ts'
import type { Descriptor } from '../image/schemas.ts'
import { nameOf, notCached } from './fetch.ts'

/**
 * The descriptor that a reference was last resolved to. `notify` gets a line about a tag. RegistryError REGISTRY_UNAVAILABLE
 * for what is not known here; NotFoundError MANIFEST_UNKNOWN where nothing was.
 */
export async function recallRoot(
  cache: Cache,
  names: Names,
  reference: RegistryReference,
  notify: ((message: string) => void) | undefined,
): Promise<Descriptor> {
  const name = nameOf(reference)
  const known = await names.recall(name)
  const { digest } = reference
  // Under a digest there is nothing else, whatever was said of it.
  const isOther = digest !== undefined && known?.descriptor && known.descriptor.digest !== digest
  if (known === undefined || isOther) throw neverAsked({ path: name })
  if (known.descriptor === null)
    throw new NotFoundError('MANIFEST_UNKNOWN', `expected a manifest, got none at ${known.resolved}`, {
      at: { path: name },
    })
  // A tag made of a digest is nothing that a person asked for.
  if (digest === undefined && !reference.tag?.startsWith('sha256-'))
    notify?.(`${name} is taken for ${known.descriptor.digest}, which it was at ${known.resolved}`)
  const cached = await cache.find('blobs', known.descriptor.digest, { path: name, digest: known.descriptor.digest })
  if (cached === undefined) throw notCached(reference, known.descriptor.digest)
  await cached.close()
  return known.descriptor
}

/** The list of referrers of a name; undefined where the registry cannot list them. RegistryError as of `recallRoot`. */
export async function recallList(names: Names, name: string): Promise<readonly Descriptor[] | undefined> {
  const known = await names.recallReferrers(name)
  if (known === undefined) throw neverAsked({ path: name })
  return known ?? undefined
}

function neverAsked(at: Location): RegistryError {
  return new RegistryError(
    'REGISTRY_UNAVAILABLE',
    'expected a name that this user resolved here before, got a new one: judge it once with the network, or read it from a file (oci-archive:)',
    { at },
  )
}
