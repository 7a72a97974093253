// The authorities and logs that signatures are held against.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HarnessError } from '#harness/errors.ts'
import { lazy } from '#harness/lazy.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import type { Trust } from '#harness/signing/trust.ts'
import { unreadable } from '../judge/usage-error.ts'
import { UsageError } from './command-line.ts'

export type TrustOptions = {
  readonly trustedRoot?: string | undefined
  readonly offline?: boolean | undefined
  readonly cacheFolder: string
  readonly note: (text: string) => void
}

/**
 * The file, read at once; else, when first asked, what sigstore.dev says now, or without a network what it said when this
 * was packaged. UsageError where the file is none.
 */
export async function openTrust({
  trustedRoot,
  offline,
  cacheFolder,
  note,
}: TrustOptions): Promise<() => Promise<Trust>> {
  const given = trustedRoot === undefined ? undefined : await readTrustedRoot(trustedRoot)
  return lazy(async () => {
    if (given !== undefined) return given
    // Only here: most runs hold nothing against it, and it takes long to load.
    const { embeddedTrust, refreshTrust } = await import('#harness/signing/trust.ts')
    if (offline === true) return embeddedTrust()
    try {
      return await refreshTrust({ folder: areaFolder(cacheFolder, 'tuf') })
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      note(`the trusted root of sigstore.dev could not be refreshed (${error.message}): the packaged one is used`)
      return embeddedTrust()
    }
  })
}

async function readTrustedRoot(path: string): Promise<Trust> {
  const { parseTrustedRoot } = await import('#harness/signing/trust.ts')
  const bytes = await readFile(resolve(path)).catch((cause: unknown) => {
    throw unreadable(`the trusted root ${path}`, cause)
  })
  try {
    return parseTrustedRoot(bytes, path)
  } catch (cause) {
    if (cause instanceof HarnessError) throw new UsageError(`${path}: ${cause.message}`, { cause })
    throw cause
  }
}
