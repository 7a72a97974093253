// A document with the facts about the bytes of one digest, sealed by this user for one version of the readers. What is not
// exactly what was written here is not there.
import { createHash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import { openRegular, type Cache } from './cache.ts'
import { touch } from './file.ts'

/** First line of a document: the version of what follows, and its seal. */
const HEAD = 'talos-image-contract facts 1 '
/** Bytes of one document: the modules of a root filesystem take some 10 MiB. */
const MAX_BYTES = 64 << 20

export type FactsOfBytes = {
  readonly facts: Map<string, unknown>
  /** Bytes of the document. */
  readonly size: number
}

/** The name of a document: another version of the readers has another. */
function nameOf(version: string, root: string): Digest {
  return digestOf(Buffer.from(`facts ${version} ${root}`))
}

function sealed(version: string, root: string, body: Uint8Array): string {
  return `facts ${version} ${root} ${createHash('sha256').update(body).digest('hex')}`
}

/** Rejects where it cannot be written; then nothing of it is left. Writes nothing without a seal, and nothing too big. */
export async function writeDocument(
  cache: Cache,
  version: string,
  root: string,
  facts: ReadonlyMap<string, unknown>,
): Promise<void> {
  const seal = await cache.seal()
  if (seal === undefined) return
  const body = serialize(facts)
  if (body.length > MAX_BYTES) return
  const head = Buffer.from(`${HEAD}${seal.make(sealed(version, root, body))}\n`)
  await cache.write('facts', nameOf(version, root), Buffer.concat([head, body]))
}

/** Undefined for all that is not exactly what `writeDocument` wrote for these bytes, these readers and this user. */
export async function readDocument(
  cache: Cache,
  version: string,
  root: string,
  maxBytes: number,
): Promise<FactsOfBytes | undefined> {
  const seal = await cache.seal()
  const path = cache.path('facts', nameOf(version, root))
  const file = seal && (await openRegular(path))
  if (seal === undefined || file === undefined) return undefined
  try {
    const { size } = await file.stat()
    if (size > Math.min(maxBytes, MAX_BYTES + 2 * HEAD.length + 64)) return undefined
    const bytes = Buffer.allocUnsafe(size)
    if ((await file.read(bytes, 0, size, 0)).bytesRead !== size) return undefined
    const end = bytes.indexOf('\n')
    const [head, body] = [bytes.toString('latin1', 0, end), bytes.subarray(end + 1)]
    if (!head.startsWith(HEAD) || !seal.holds(sealed(version, root, body), head.slice(HEAD.length))) return undefined
    const facts: unknown = deserialize(body)
    await touch(path)
    return facts instanceof Map ? { facts, size } : undefined
  } finally {
    await file.close()
  }
}

/** True for values that come back as they were: no class of ours, nothing of the system. */
export function isPlain(value: unknown): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true
  if (Array.isArray(value)) return value.every(isPlain)
  if (value instanceof Map) return [...value].every(([key, one]) => isPlain(key) && isPlain(one))
  if (value instanceof Set) return [...value].every(isPlain)
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain)
}
