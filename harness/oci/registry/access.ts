// Registries through the cache: each name resolved once, each blob fetched once however many ask for it.
import { Budget, UNLIMITED, type BudgetLimits } from '../../budget.ts'
import type { Digest } from '../../bytes/digest.ts'
import { FormatError, NotFoundError, RegistryError, SchemaError } from '../../errors.ts'
import type { Cache, CachedFile } from '../cache/cache.ts'
import { openNames, type Answers } from '../cache/names.ts'
import { askAside, openRegistryClient, type ClientOptions, type RegistryClient } from '../client/client.ts'
import { fetchManifest } from '../client/manifests.ts'
import { askReferrers } from '../client/referrers.ts'
import { documentType } from './documents.ts'
import { openSpending, within, type Spending, type Waiting } from './limited.ts'
import type { RegistryReference } from '../image/reference.ts'
import type { Descriptor } from '../image/schemas.ts'
import { ensureCached, nameOf, putBytes, type FetchOptions } from './fetch.ts'
import { recallList, recallRoot } from './recall.ts'
import { fromFailure, toFailure, toUnanswered, type BlobFailure, type BlobFailures } from './failure.ts'

export type AccessOptions = {
  readonly cache: Cache
  /** The network options for registries; absent where only the cache may be read. */
  readonly network?: ClientOptions
  /** The limits of each repository; without limits unless given. */
  readonly limits?: BudgetLimits | undefined
  /** Failures that another access, which had a network, found. */
  readonly failures?: BlobFailures
  /** Answers that it got. */
  readonly answers?: Answers | undefined
  /** A callback for when a tag is taken from the cache. */
  readonly notify?: (message: string) => void
  /** A callback about a registry that is silent. */
  readonly waiting?: Waiting | undefined
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal
}

export type AskOptions = Pick<FetchOptions, 'signal' | 'aside'>

export interface RegistryAccess {
  readonly cache: Cache
  /**
   * Resolves each name once; with `aside` a failure is kept for an access without network. Errors of `fetchManifest`;
   * RegistryError REGISTRY_UNAVAILABLE for what only the network knows, and there is none.
   */
  resolve(reference: RegistryReference, options?: AskOptions): Promise<Descriptor>
  /**
   * The registry's list of referrers of `digest`, requested once; undefined where it has no API for that. What the list
   * says of an entry's type is left out: it cannot be relied on. Asked aside. RegistryError, REGISTRY_PROTOCOL for what
   * is no list too.
   */
  referrers(
    reference: RegistryReference,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[] | undefined>
  /**
   * Sees to it that the registry has the blob and that it is in the cache. Errors of `readBlob` and `fetchManifest`;
   * FormatError LIMIT_EXCEEDED; RegistryError REGISTRY_UNAVAILABLE where it is not in the cache and there is no
   * network.
   */
  ensure(reference: RegistryReference, descriptor: Descriptor, options?: FetchOptions): Promise<void>
  /** The blob, where it is in the cache. */
  find(reference: RegistryReference, descriptor: Descriptor): Promise<CachedFile | undefined>
  /** Failures found so far, for an access without network. */
  failures(): BlobFailures
  /** Answers so far, for an access without network. */
  answers(): Answers
  close(): Promise<void>
}

export function openRegistryAccess(options: AccessOptions): RegistryAccess {
  const { cache, network, notify } = options
  const names = openNames(cache, options.answers)
  const clients = new Map<string, RegistryClient>()
  const spendings = new Map<string, Spending>()
  const failures = new Map<string, BlobFailure>(Object.entries(options.failures ?? {}))
  const ensured = new Set<string>()
  const flights = new Map<Digest, Promise<void>>()
  const resolved = new Map<string, Promise<Descriptor>>()
  const listed = new Map<string, Promise<readonly Descriptor[] | undefined>>()

  const clientOf = (
    { registry, repository }: RegistryReference,
    clientOptions: ClientOptions,
    aside: boolean | undefined,
  ): RegistryClient => {
    const client = clients.get(registry) ?? openRegistryClient(registry, clientOptions)
    clients.set(registry, client)
    const limited = within(client, spendingOf(registry, repository), `${registry}/${repository}`)
    return aside === true ? askAside(limited) : limited
  }

  const spendingOf = (registry: string, repository: string): Spending => {
    const name = `${registry}/${repository}`
    const known = spendings.get(name) ?? openSpending(new Budget(options.limits ?? UNLIMITED), name, options.waiting)
    spendings.set(name, known)
    return known
  }

  /** Asks a question once: one that was not answered is not asked again, without a network either. */
  const askKept = async <T>(question: string, ask: () => Promise<T>): Promise<T> => {
    const failure = failures.get(question)
    if (failure !== undefined) throw fromFailure(failure)
    return ask().catch((error: unknown) => {
      // That there is nothing is an answer, and is remembered as one.
      const unanswered = error instanceof NotFoundError ? undefined : toUnanswered(error)
      if (unanswered === undefined) throw error
      // Kept, an older answer in the cache does not stand in for it.
      if (network !== undefined) failures.set(question, unanswered)
      throw error instanceof RegistryError ? error : fromFailure(unanswered)
    })
  }

  const resolveNow = async (reference: RegistryReference, { signal, aside }: AskOptions): Promise<Descriptor> => {
    if (network === undefined) return recallRoot(cache, names, reference, notify)
    const client = clientOf(reference, network, aside)
    const { digest: asked, tag = 'latest', repository } = reference
    const manifest = await fetchManifest(client, repository, asked ?? tag, signal).catch(async (error: unknown) => {
      // Without the network it is known then that there is none, such as no asset image beside an installer.
      if (error instanceof NotFoundError) await names.remember(nameOf(reference), null)
      throw error
    })
    const { bytes, digest } = manifest
    const descriptor = { mediaType: documentType(manifest.mediaType, bytes), digest, size: bytes.length }
    await putBytes(cache, digest, bytes)
    const pinned = nameOf({ ...reference, digest })
    for (const name of new Set([nameOf(reference), pinned])) await names.remember(name, descriptor)
    resolved.set(pinned, Promise.resolve(descriptor))
    ensured.add(keyOf(reference, digest))
    return descriptor
  }

  const listNow = async (
    { registry, repository }: RegistryReference,
    digest: Digest,
    signal: AbortSignal | undefined,
  ): Promise<readonly Descriptor[] | undefined> => {
    const reference: RegistryReference = { kind: 'registry', registry, repository, digest }
    if (network === undefined) return recallList(names, nameOf(reference))
    const found = await askReferrers(clientOf(reference, network, true), repository, digest, { signal }).catch(
      asProtocol,
    )
    await names.rememberReferrers(nameOf(reference), found)
    return found?.map((one) => ({ mediaType: one.mediaType, digest: one.digest, size: one.size }))
  }

  const access: RegistryAccess = {
    cache,
    resolve(reference, { signal = options.signal, aside } = {}) {
      const name = nameOf(reference)
      const ask = (): Promise<Descriptor> => resolveNow(reference, { signal, aside })
      const root = resolved.get(name) ?? (aside === true ? askKept(`tag ${name}`, ask) : ask())
      resolved.set(name, root)
      return root
    },
    referrers(reference, digest, signal = options.signal) {
      const key = keyOf(reference, digest)
      const list = listed.get(key) ?? askKept(`referrers ${key}`, () => listNow(reference, digest, signal))
      listed.set(key, list)
      return list
    },
    async ensure(reference, descriptor, fetchOptions = {}) {
      const { digest } = descriptor
      const key = keyOf(reference, digest)
      // The first of several callers that wait for one blob fetches it; the others look again when it is done.
      for (let flying = flights.get(digest); flying !== undefined; flying = flights.get(digest))
        await flying.catch(() => undefined)
      const failure = failures.get(key)
      if (failure !== undefined) throw fromFailure(failure)
      if (ensured.has(key)) return
      const client = network && clientOf(reference, network, fetchOptions.aside)
      const flight = ensureCached(cache, client, reference, descriptor, {
        signal: options.signal,
        ...fetchOptions,
        budget: spendingOf(reference.registry, reference.repository).budget,
      })
      flights.set(digest, flight)
      try {
        await flight
        ensured.add(key)
      } catch (error) {
        const found = toFailure(error) ?? (fetchOptions.aside === true && network ? toUnanswered(error) : undefined)
        if (found !== undefined) failures.set(key, found)
        throw error
      } finally {
        flights.delete(digest)
      }
    },
    find: (reference, { digest }) => cache.find('blobs', digest, { path: nameOf(reference), digest }),
    failures: () => Object.fromEntries(failures),
    answers: names.answers,
    async close() {
      for (const spending of spendings.values()) spending.close()
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
  return access
}

/** The descriptor that a reference names; undefined where there is none. Other errors of `resolve`. */
export async function resolveIfThere(
  access: RegistryAccess,
  reference: RegistryReference,
  options?: AskOptions,
): Promise<Descriptor | undefined> {
  try {
    return await access.resolve(reference, options)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** The image has no part in what a registry answers here. */
function asProtocol(error: unknown): never {
  if (!(error instanceof FormatError) && !(error instanceof SchemaError)) throw error
  throw new RegistryError('REGISTRY_PROTOCOL', `expected a list of referrers: ${error.message}`, {
    at: error.at,
    cause: error,
  })
}

function keyOf({ registry, repository }: RegistryReference, digest: Digest): string {
  return `${registry}/${repository}@${digest}`
}
