// Options that change what is judged and that no other part of a report names: shards of one verdict have them in common.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { unreadable } from '../judge/usage-error.ts'
import type { ConformOptions } from './options.ts'

/**
 * Option → the SHA-256 of its files, or its value; without those that were not given. UsageError for a file that
 * cannot be read.
 */
export async function judgedBy(options: ConformOptions): Promise<Readonly<Record<string, string>>> {
  const { trustedRoot, advisories, config, assets, limit, offline, reference, talos, targets, variant } = options
  const files = { '--trusted-root': trustedRoot, '--advisories': advisories, '--config': config }
  const digests: Record<string, string> = {}
  for (const [name, paths] of Object.entries(files)) if (paths !== undefined) digests[name] = await digestOf(paths)
  const values = {
    '--assets': assets,
    '--limit': limit && JSON.stringify(limit),
    '--offline': offline === true ? 'given' : undefined,
    '--reference': reference,
    '--talos': talos,
    '--target': targets?.join(','),
    '--variant': variant,
  }
  for (const [name, value] of Object.entries(values)) if (value !== undefined) digests[name] = value
  return digests
}

async function digestOf(paths: string | readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of [paths].flat()) {
    const bytes = await readFile(resolve(path)).catch((cause: unknown) => {
      throw unreadable(path, cause)
    })
    hash.update(`${bytes.length} `).update(bytes)
  }
  return hash.digest('hex')
}
