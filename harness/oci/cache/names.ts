// The digests that references were last resolved to, so that they can be judged without the network.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import type { Cache } from './cache.ts'
import { descriptorSchema, type Descriptor } from '../image/schemas.ts'

export type ResolvedName = {
  readonly name: string
  /** Null where the registry said that there was nothing. */
  readonly descriptor: Pick<Descriptor, 'mediaType' | 'digest' | 'size'> | null
  /** The time of the registry's answer, in ISO 8601. */
  readonly resolved: string
}

const nameSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  descriptor: descriptorSchema.pick({ mediaType: true, digest: true, size: true }).nullable(),
  resolved: z.string(),
})

export async function rememberName(cache: Cache, name: string, found: Descriptor | null): Promise<void> {
  const descriptor = found && { mediaType: found.mediaType, digest: found.digest, size: found.size }
  const document = { version: 1, name, descriptor, resolved: new Date().toISOString() }
  await cache.write('names', keyOf(name), JSON.stringify(nameSchema.parse(document)))
}

/** The digest of a name; undefined where it was never resolved, or what is kept of it cannot be read. */
export async function recallName(cache: Cache, name: string): Promise<ResolvedName | undefined> {
  try {
    const parsed = nameSchema.parse(JSON.parse(await readFile(cache.path('names', keyOf(name)), 'utf8')))
    return parsed.name === name ? parsed : undefined
  } catch {
    return undefined
  }
}

export type ListedReferrers = {
  /** Null where the registry has no API to list them. */
  readonly descriptors: readonly Pick<Descriptor, 'mediaType' | 'digest' | 'size'>[] | null
}

const referrersSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  descriptors: z.array(descriptorSchema.pick({ mediaType: true, digest: true, size: true })).nullable(),
  resolved: z.string(),
})

/** `name` has the digest that is referred to. */
export async function rememberReferrers(
  cache: Cache,
  name: string,
  found: readonly Descriptor[] | undefined,
): Promise<void> {
  const descriptors = found?.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })) ?? null
  const document = { version: 1, name, descriptors, resolved: new Date().toISOString() }
  await cache.write('names', keyOf(referrersOf(name)), JSON.stringify(referrersSchema.parse(document)))
}

/** The referrers of a name; undefined where it was never asked, or what is kept of the answer cannot be read. */
export async function recallReferrers(cache: Cache, name: string): Promise<ListedReferrers | undefined> {
  try {
    const text = await readFile(cache.path('names', keyOf(referrersOf(name))), 'utf8')
    const parsed = referrersSchema.parse(JSON.parse(text))
    return parsed.name === name ? parsed : undefined
  } catch {
    return undefined
  }
}

/** No reference: a space is in none. */
function referrersOf(name: string): string {
  return `referrers ${name}`
}

function keyOf(name: string): Digest {
  return digestOf(Buffer.from(name))
}
