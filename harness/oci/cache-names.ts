// What a reference was last resolved to, so that it can be judged without the network; a digest is what is kept of it.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { digestOf, type Digest } from '../bytes/digest.ts'
import type { Cache } from './cache.ts'
import { descriptorSchema, type Descriptor } from './schemas.ts'

export type ResolvedName = {
  readonly name: string
  /** Null where the registry said that there was nothing. */
  readonly descriptor: Pick<Descriptor, 'mediaType' | 'digest' | 'size'> | null
  /** When the registry said so, in ISO 8601. */
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

/** Undefined where it was never resolved, or what is kept of it cannot be read. */
export async function recallName(cache: Cache, name: string): Promise<ResolvedName | undefined> {
  try {
    const parsed = nameSchema.parse(JSON.parse(await readFile(cache.path('names', keyOf(name)), 'utf8')))
    return parsed.name === name ? parsed : undefined
  } catch {
    return undefined
  }
}

function keyOf(name: string): Digest {
  return digestOf(Buffer.from(name))
}
