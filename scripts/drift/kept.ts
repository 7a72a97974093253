// Descriptions of upstream's images, kept by digest: what an image is does not change.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { encodedPart, parseDigest } from '#harness/bytes/digest.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import { DESCRIPTION_SCHEMA } from '#harness/talos/description/schema.ts'
import { besideOf } from '../judge/verdict/report-file.ts'

/** A genuine one has some 300 KiB. */
const MAX_BYTES = 32 << 20

export type Kept = {
  /** The value kept for the image of that digest, else the result of `make`, which is kept. */
  of<T>(kind: string, digest: string, schema: z.ZodType<T>, make: () => Promise<T>): Promise<T>
}

/** Keeps below the folder of the cache. What cannot be read there is made anew; what cannot be written is not kept. */
export function keepIn(folder: string): Kept {
  const own = join(areaFolder(folder, 'descriptions'), String(DESCRIPTION_SCHEMA))
  return {
    async of(kind, digest, schema, make) {
      const path = join(own, `${encodedPart(parseDigest(digest))}.${kind}.json`)
      const kept = await read(path, schema)
      if (kept !== undefined) return kept
      const made = await make()
      await write(own, path, JSON.stringify(made))
      return made
    },
  }
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    const bytes = await readFile(path)
    return bytes.length > MAX_BYTES ? undefined : schema.parse(JSON.parse(bytes.toString()))
  } catch {
    return undefined
  }
}

async function write(folder: string, path: string, text: string): Promise<void> {
  const beside = besideOf(path)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(beside, text)
    await rename(beside, path)
  } catch {
    // A full disk, a folder of somebody else: it is made again next time.
  }
}
