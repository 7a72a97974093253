// Registries for one run: how they are reached, and everything pulled into the cache before a rule looks.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import { openCache } from '#harness/oci/cache.ts'
import { machineCredentials, type Credentials } from '#harness/oci/client/credentials.ts'
import { openImage } from '#harness/oci/image.ts'
import { openStore } from '#harness/oci/open.ts'
import { parseReference, type RegistryReference } from '#harness/oci/reference.ts'
import { openRegistryAccess, type RegistryAccess } from '#harness/oci/store-registry-access.ts'
import type { BlobFailures } from '#harness/oci/store-registry-failure.ts'
import { pullLayers, readDocuments, type Pull } from '#harness/oci/store-registry-pull.ts'
import type { Candidate } from './candidates.ts'
import { UsageError, type ConformOptions } from './options.ts'
import { startProgress } from './progress.ts'

type Place = { readonly folder: string; readonly signal: AbortSignal }

/** A token of a registry has up to some KiB. */
const MAX_PASSWORD_BYTES = 64 << 10

/** Undefined where no reference is one of a registry. UsageError for options that do not go together. */
export async function openRegistries(
  options: ConformOptions,
  { folder, signal }: Place,
): Promise<RegistryAccess | undefined> {
  const { references, assets = [] } = options
  const registries = new Set([references, assets].flat().flatMap(registryOf))
  if ((options.passwordStdin ?? false) !== (options.username !== undefined))
    throw new UsageError('--username and --password-stdin go together')
  if (registries.size === 0) return undefined
  if (options.username !== undefined && registries.size > 1)
    throw new UsageError(
      `--username is for one registry, got references to ${[...registries].join(' and ')}: log in to them instead`,
    )
  const network = { credentials: await credentialsOf(options), ca: await readCertificates(options.caFile) }
  return openRegistryAccess({
    cache: await openCache(folder),
    ...(options.offline !== true && { network: { ...network, insecure: options.insecure ?? false } }),
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

async function credentialsOf({ username }: ConformOptions): Promise<Credentials> {
  if (username === undefined) return machineCredentials()
  const credential = { username, password: await readPassword(process.stdin), from: '--username' }
  return () => Promise.resolve(credential)
}

/** All of it but the line feed that `echo` adds. */
async function readPassword(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk))
    size += chunk.length
    if (size > MAX_PASSWORD_BYTES) throw new UsageError(`--password-stdin takes at most ${MAX_PASSWORD_BYTES} bytes`)
  }
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (password === '') throw new UsageError('--password-stdin expects a password on standard input, got nothing')
  return password
}

async function readCertificates(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`the CA file ${path} cannot be read: ${(cause as Error).message}`, { cause })
  })
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new UsageError(`the CA file ${path} has no certificate in PEM`)
  return text
}

/**
 * Every candidate that is in a registry, as a whole, into the cache; what is wrong with them is the result. UsageError
 * for what cannot be fetched: nothing can be judged then.
 */
export async function pullCandidates(
  access: RegistryAccess,
  candidates: readonly Candidate[],
  { spoolFolder, signal }: { readonly spoolFolder: string; readonly signal: AbortSignal },
): Promise<BlobFailures> {
  const progress = startProgress(process.stderr)
  try {
    const pulls: Pull[] = []
    for (const text of candidates.flatMap(({ references }) => Object.values(references))) {
      const reference = parseReference(text)
      if (reference.kind === 'registry') pulls.push(await listPull(access, reference, spoolFolder))
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

async function listPull(access: RegistryAccess, reference: RegistryReference, spoolFolder: string): Promise<Pull> {
  const spool = new Spool(join(spoolFolder, 'spool'))
  const store = await openStore(reference, { spool, registry: access })
  try {
    return await readDocuments(reference, store, await openImage(store, { spool }))
  } finally {
    await store.close()
    await spool.close()
  }
}

/** A full disk or a folder that is not ours, in one sentence; undefined for what is no error of the file system. */
export function cacheTrouble(error: unknown, folder: string): UsageError | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined
  return new UsageError(`the cache ${folder} cannot be written (${error.message}): give another folder with --cache`, {
    cause: error,
  })
}
