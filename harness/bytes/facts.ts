// Facts that readers found in bytes, kept under what the bytes are, for whoever holds the same bytes elsewhere. They
// are observations, never statuses, and without locations: a reader puts its own into what it gets.
import type { Location } from '../errors.ts'
import type { ByteSource, FactKeeper } from './source.ts'

/** The options under which a stream is taken in. */
export type SpoolOptions = { readonly where: Location; readonly maxBytes: number; readonly format: string }

/** A place for one decompressed stream. */
type Place = {
  take(chunks: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<ByteSource>
  close(): Promise<void>
}

/** Decompressed bytes that several share. */
export type Lease = {
  readonly source: ByteSource
  /** Gives the bytes back; the source must not be read afterwards. */
  release(): Promise<void>
}

export type FactLimits = {
  readonly facts: number
  /** Bytes of all facts in memory, by the estimate of their readers. */
  readonly bytes: number
  /** Decompressed streams; those below the spool's limit are in memory, others in files. */
  readonly contents: number
  /** Bytes of all decompressed streams together. */
  readonly contentBytes: number
}

/** Enough for the parts of a few releases; beyond it the least recently used is read anew. */
const LIMITS: FactLimits = { facts: 100_000, bytes: 64 << 20, contents: 64, contentBytes: 4 * 2 ** 30 }

/** Keeps facts from run to run; what it gives is what was put there for the same key. */
export interface FactStore {
  /** The fact under `key`; undefined for none, and for one that cannot be believed. */
  find(key: string): Promise<{ readonly value: unknown } | undefined>
  /** `bytes` is an estimate of its memory. */
  put(key: string, value: unknown, bytes: number): Promise<void>
}

type Fact = { readonly value: Promise<unknown>; bytes: number }
type Content = {
  readonly place: Place
  readonly source: Promise<ByteSource>
  size: number
  users: number
  kept: boolean
}

/** The bytes of a fact that has few: a name, a number. */
const SMALL_FACT = 256

export class Facts implements FactKeeper {
  readonly #limits: FactLimits
  readonly #store: FactStore | undefined
  readonly #openPlace: () => Place
  readonly #facts = new Map<string, Fact>()
  readonly #contents = new Map<string, Content>()
  #bytes = 0
  #contentBytes = 0

  /**
   * `openPlace` gives each decompressed stream a place of its own, which is closed with the last that reads it. `store` has
   * the facts of earlier runs, and gets those of this one.
   */
  constructor(openPlace: () => Place, limits: FactLimits = LIMITS, store?: FactStore) {
    this.#openPlace = openPlace
    this.#limits = limits
    this.#store = store
  }

  /** True where facts of earlier runs may spare the reading of whole streams. */
  get isKept(): boolean {
    return this.#store !== undefined
  }

  /** The fact under `key` where it is known; nothing is read for it. */
  async recall<T>(key: string): Promise<T | undefined> {
    const here = this.#facts.get(key)
    const known = here === undefined ? await this.#store?.find(key) : { value: await here.value.catch(() => undefined) }
    return known?.value as T | undefined
  }

  /** The fact under `key`, which says what was read and by what reader. A failure is the caller's own and is not kept. */
  keep<T>(key: string, read: () => Promise<T>, bytesOf?: (value: T) => number): Promise<T> {
    const found = this.#facts.get(key)
    if (found !== undefined) {
      this.#facts.delete(key)
      this.#facts.set(key, found)
      return (found.value as Promise<T>).catch(() => read())
    }
    const value = this.#recallOr(key, read, bytesOf)
    const fact: Fact = { value, bytes: 0 }
    this.#facts.set(key, fact)
    const settled = (bytes: number | undefined): void => {
      if (this.#facts.get(key) !== fact) return
      if (bytes === undefined) this.#facts.delete(key)
      else this.#bytes += fact.bytes = bytes
      this.#evictFacts()
    }
    value.then(
      (known) => settled((bytesOf?.(known) ?? SMALL_FACT) + 2 * key.length),
      () => settled(undefined),
    )
    return value
  }

  async #recallOr<T>(key: string, read: () => Promise<T>, bytesOf?: (value: T) => number): Promise<T> {
    const kept = await this.#store?.find(key)
    if (kept !== undefined) return kept.value as T
    const value = await read()
    await this.#store?.put(key, value, bytesOf?.(value) ?? SMALL_FACT)
    return value
  }

  /**
   * The decompressed bytes under `key`; undefined where they are more than `maxBytes`, or where who began to read them
   * failed. `chunks` is asked for where they are not here; its errors are the caller's own.
   */
  async lease(key: string, chunks: () => AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<Lease | undefined> {
    const found = this.#contents.get(key)
    if (found === undefined) return this.#begin(key, chunks, options)
    this.#contents.delete(key)
    this.#contents.set(key, found)
    found.users++
    const source = await found.source.catch(() => undefined)
    if (source !== undefined && source.size <= options.maxBytes) return this.#toLease(found, source)
    await this.#leave(found)
    return undefined
  }

  async #begin(key: string, chunks: () => AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<Lease> {
    const place = this.#openPlace()
    const content: Content = { place, source: place.take(chunks(), options), size: 0, users: 1, kept: true }
    this.#contents.set(key, content)
    try {
      const source = await content.source
      content.size = source.size
      if (content.kept) this.#contentBytes += source.size
      await this.#evictContents()
      return this.#toLease(content, source)
    } catch (error) {
      if (this.#contents.get(key) === content) this.#contents.delete(key)
      content.kept = false
      await this.#leave(content)
      throw error
    }
  }

  /** Keeps the decompressed bytes under `key` from now on under `to`, which was not known when they were begun. */
  async rename(key: string, to: string): Promise<void> {
    const content = this.#contents.get(key)
    if (content === undefined) return
    if (this.#contents.has(to)) return this.#forget(key, content)
    this.#contents.delete(key)
    this.#contents.set(to, content)
  }

  #toLease(content: Content, source: ByteSource): Lease {
    let released = false
    return {
      source,
      release: async () => {
        if (released) return
        released = true
        await this.#leave(content)
      },
    }
  }

  async #leave(content: Content): Promise<void> {
    content.users--
    if (content.users === 0 && !content.kept) await content.place.close()
  }

  #evictFacts(): void {
    for (const [key, { bytes }] of this.#facts) {
      if (this.#facts.size <= this.#limits.facts && this.#bytes <= this.#limits.bytes) return
      this.#facts.delete(key)
      this.#bytes -= bytes
    }
  }

  async #evictContents(): Promise<void> {
    for (const [key, content] of this.#contents) {
      if (this.#contents.size <= this.#limits.contents && this.#contentBytes <= this.#limits.contentBytes) return
      await this.#forget(key, content)
    }
  }

  async #forget(key: string, content: Content): Promise<void> {
    this.#contents.delete(key)
    this.#contentBytes -= content.size
    content.kept = false
    if (content.users === 0) await content.place.close()
  }

  /** Keeps nothing more; bytes that are in use are closed by who uses them. */
  async close(): Promise<void> {
    this.#facts.clear()
    this.#bytes = 0
    for (const [key, content] of this.#contents) await this.#forget(key, content)
  }
}
