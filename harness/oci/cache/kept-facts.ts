// Facts that readers found in bytes, kept between runs under the digest of the bytes.
import type { FactStore } from '../../bytes/facts.ts'
import { lazy } from '../../lazy.ts'
import type { Cache } from './cache.ts'
import { isPlain, readDocument, writeDocument } from './facts-document.ts'
import { boundFacts } from './usage.ts'

/** Bytes of all documents in memory: as they are on disk, and of what is new by the estimate of the readers. */
const MAX_BYTES = 128 << 20
/** The digest that a key begins with, as `keyOf` writes it. */
const ROOT = /sha256:[0-9a-f]{64}(?=@)/

/** `fresh`: the keys of what this process put there. */
type Document = { readonly facts: Map<string, unknown>; readonly fresh: Set<string>; saved: number }

export type KeptFacts = FactStore & {
  /** Writes what is new; never fails: what cannot be written is read again. */
  save(): Promise<void>
}

export type KeptFactsOptions = {
  readonly open: () => Promise<Cache>
  /** The version of the readers; those of another left nothing here. */
  readonly version: () => string
  /** Called for each fact of an earlier run that is given out. */
  readonly onBelieved?: () => void
}

export function openKeptFacts({ open, version, onBelieved }: KeptFactsOptions): KeptFacts {
  const cache = lazy(open)
  const documents = new Map<string, Promise<Document>>()
  let room = MAX_BYTES
  const load = (root: string): Promise<Document> => {
    const known = documents.get(root)
    if (known !== undefined) return known
    const loading = cache()
      .then((opened) => readDocument(opened, version(), root, room))
      .catch(() => undefined)
      .then((found) => {
        room -= found?.size ?? 0
        return { facts: found?.facts ?? new Map<string, unknown>(), fresh: new Set<string>(), saved: 0 }
      })
    documents.set(root, loading)
    return loading
  }
  return {
    async find(key) {
      const [root] = ROOT.exec(key) ?? []
      if (root === undefined) return undefined
      const { facts, fresh } = await load(root)
      const own = ownKey(key, root)
      if (!facts.has(own)) return undefined
      if (!fresh.has(own)) onBelieved?.()
      return { value: facts.get(own) }
    },
    async put(key, value, bytes) {
      const [root] = ROOT.exec(key) ?? []
      if (root === undefined || room < bytes || !isPlain(value)) return
      room -= bytes + key.length
      const { facts, fresh } = await load(root)
      const own = ownKey(key, root)
      facts.set(own, value)
      fresh.add(own)
    },
    async save() {
      try {
        let written = false
        for (const [root, loading] of documents) {
          const document = await loading
          if (document.fresh.size === document.saved) continue
          document.saved = document.fresh.size
          await writeDocument(await cache(), version(), root, document.facts)
          written = true
        }
        if (written) await boundFacts((await cache()).root)
      } catch {
        // A full disk, a folder of somebody else: the facts are read from the bytes next time.
      }
    },
  }
}

/** The key without the digest that the whole document is about. */
function ownKey(key: string, root: string): string {
  return key.replace(root, '#')
}
