// The index of a layer, kept beside its tar: a warm run decompresses and hashes nothing again.
import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { isDigest, type Digest } from '../../bytes/digest.ts'
import type { ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import { contentOf, type TarEntry } from '../../fs/tar-entry.ts'
import { BLOCK_SIZE } from '../../fs/tar-fields.ts'
import type { Cache } from './cache.ts'
import { tarLocation, tarOf, toLayer, type LayerCache, type LayerContent } from '../image/layer.ts'

/** First line of an index: the version of what follows, and its seal. Another version is another first line. */
const HEAD = 'talos-image-contract layer index 5 '
/** A layer with so many entries that its index is bigger is read anew each time. */
const MAX_INDEX_BYTES = 64 << 20

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value))
const count = z.int().nonnegative()
const entrySchema = z.strictObject({
  path: z.string(),
  rawName: z.string(),
  type: z.enum(['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo', 'socket']),
  mode: count,
  uid: z.int(),
  gid: z.int(),
  size: count,
  mtime: z.int(),
  target: z.string().optional(),
  /** Values in base64. */
  xattrs: z.array(z.tuple([z.string(), z.string()])).optional(),
  problems: z.array(z.enum(['duplicate', 'escapes', 'type', 'number', 'format', 'records', 'extended'])),
  isGo: z.boolean(),
  /** The digest of the content of a big file. */
  digest: digest.optional(),
  /** Offset of the header in the tar. */
  offset: count,
})
const indexSchema = z.strictObject({
  computed: z.strictObject({ digest, size: count }),
  diffId: digest,
  tarSize: count,
  compression: z.enum(['gzip', 'zstd', 'none']),
  ended: z.boolean(),
  trailing: z.boolean(),
  entries: z.array(entrySchema),
})
type LayerIndex = z.infer<typeof indexSchema>

/** The layer cache of the layer with this digest; `opened` gets every file that must be closed. */
export function layerCache(cache: Cache, stored: Digest, opened: (close: () => Promise<void>) => void): LayerCache {
  return {
    async find(where, facts) {
      const index = await readIndex(cache, stored)
      if (index === undefined) return undefined
      const at = tarLocation(where, index.compression)
      const tar =
        index.compression === 'none'
          ? await cache.find('blobs', stored, at)
          : await cache.find('tars', index.diffId, at)
      if (tar === undefined) return undefined
      opened(tar.close)
      return restore(index, tarOf(tar.source, index.diffId, facts), at)
    },
    async begin() {
      const incoming = await cache.begin()
      opened(incoming.close)
      return {
        take: incoming.take,
        drop: incoming.drop,
        async keep(content) {
          if (content.compression !== 'none') await cache.keep(incoming, 'tars', content.diffId)
          await keepIndex(cache, stored, content)
        },
      }
    },
  }
}

/** Keeps the index of a layer whose bytes are those of `stored`: other bytes have no place in the cache. */
export async function keepIndex(cache: Cache, stored: Digest, content: LayerContent): Promise<void> {
  const { computed, diffId, tar, compression, ended, trailing } = content
  if (computed.digest !== stored) return
  const entries = content.entries.map(toRecord)
  const text = JSON.stringify({ computed, diffId, tarSize: tar.size, compression, ended, trailing, entries })
  const seal = await cache.seal()
  if (seal === undefined || text.length > MAX_INDEX_BYTES) return
  await cache.write('layers', stored, `${HEAD}${seal.make(sealed(stored, text))}\n${text}`)
}

/** An index is of one layer: under another digest it holds no more. */
function sealed(stored: Digest, text: string): string {
  return `index ${stored}\n${text}`
}

/** Reads an index; undefined for all that is not exactly what `keepIndex` wrote for this layer and this user. */
async function readIndex(cache: Cache, stored: Digest): Promise<LayerIndex | undefined> {
  const seal = await cache.seal()
  if (seal === undefined) return undefined
  try {
    const path = cache.path('layers', stored)
    if ((await stat(path)).size > 2 * MAX_INDEX_BYTES) return undefined
    const text = await readFile(path, 'utf8')
    const end = text.indexOf('\n')
    const body = text.slice(end + 1)
    if (!text.startsWith(HEAD) || !seal.holds(sealed(stored, body), text.slice(HEAD.length, end))) return undefined
    const index = indexSchema.parse(JSON.parse(body))
    return index.computed.digest === stored ? index : undefined
  } catch {
    return undefined
  }
}

function restore(index: LayerIndex, tar: ByteSource, where: Location): LayerContent | undefined {
  if (tar.size !== index.tarSize) return undefined
  if (index.entries.some(({ type, offset, size }) => type === 'file' && offset + BLOCK_SIZE + size > tar.size))
    return undefined
  const { computed, diffId, compression, ended, trailing } = index
  const entries = index.entries.map((record) => toEntry(record, tar, where))
  return toLayer(computed, compression, { diffId, tar, entries, ended, trailing }, where)
}

function toRecord(entry: TarEntry): z.input<typeof entrySchema> {
  const { data: _, origin, problems, digest: own, target, xattrs, ...facts } = entry
  return {
    ...facts,
    problems: [...problems],
    offset: origin.offset ?? 0,
    ...(own !== undefined && { digest: own }),
    ...(target !== undefined && { target }),
    ...(xattrs !== undefined && {
      xattrs: [...xattrs].map(([name, value]): [string, string] => [name, Buffer.from(value).toString('base64')]),
    }),
  }
}

function toEntry(record: z.infer<typeof entrySchema>, tar: ByteSource, where: Location): TarEntry {
  const { offset, xattrs, target, digest: own, ...facts } = record
  const entry: TarEntry = {
    ...facts,
    origin: { ...where, offset },
    ...(own !== undefined && { digest: own }),
    ...(target !== undefined && { target }),
    ...(xattrs !== undefined && {
      xattrs: new Map(xattrs.map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    }),
  }
  return entry.type === 'file' ? { ...entry, data: contentOf(entry, tar) } : entry
}
