// Content by its digest, on disk: blobs as a registry sends them, and the tars inside those that are layers.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { algorithmOf, encodedPart, readDigest, type Digest } from '../../bytes/digest.ts'
import { fileSource, type ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import { beginFile, touch, writeWhole, type Incoming } from './file.ts'
import { describeFile, isSameFile, readRecord, type FileRecord } from './record.ts'
import { sweep } from './usage.ts'

/** `layers` are the indexes of layers, `names` what references were last resolved to: small documents. */
export type CacheArea = 'blobs' | 'tars' | 'layers' | 'names'

export type CachedFile = { readonly source: ByteSource; close(): Promise<void> }

export type Cache = {
  readonly root: string
  path(area: CacheArea, digest: Digest): string
  /** The bytes with this digest, hashed again where the file is not the one that was hashed; undefined for none. */
  find(area: 'blobs' | 'tars', digest: Digest, where: Location): Promise<CachedFile | undefined>
  /** A file to be filled, and then given to `keep`. */
  begin(): Promise<Incoming>
  keep(incoming: Incoming, area: 'blobs' | 'tars', digest: Digest): Promise<void>
  /** Puts a small document in its place. */
  write(area: CacheArea, digest: Digest, bytes: string | Uint8Array): Promise<void>
}

/** The folder is made when something is first written; what a killed process left behind long ago is removed. */
export async function openCache(root: string): Promise<Cache> {
  await sweep(root)
  const path = (area: string, digest: Digest): string => join(root, area, algorithmOf(digest), encodedPart(digest))
  const isSound = async (source: ByteSource, digest: Digest, now: FileRecord, record: string): Promise<boolean> => {
    if (isSameFile(await readRecord(record), now)) {
      await touch(record)
      return true
    }
    const got = await readDigest(source, algorithmOf(digest)).catch(() => undefined)
    // In a cache that cannot be written it is hashed each time.
    if (got === digest) await writeWhole(root, record, JSON.stringify(now)).catch(() => undefined)
    return got === digest
  }
  const recordPath = (area: string, digest: Digest): string => `${path(join('records', area), digest)}.json`
  return {
    root,
    path,
    async find(area, digest, where) {
      const file = await openRegular(path(area, digest))
      if (file === undefined) return undefined
      try {
        const described = await describeFile(await file.stat({ bigint: true }))
        const source = fileSource(file, described.size, where)
        if (await isSound(source, digest, described, recordPath(area, digest)))
          return { source, close: () => file.close() }
      } catch (error) {
        await file.close()
        throw error
      }
      // A file with other bytes stays where it is: the next writer replaces it.
      await file.close()
      return undefined
    },
    begin: () => beginFile(root),
    keep: (incoming, area, digest) => incoming.keep(path(area, digest), recordPath(area, digest)),
    write: (area, digest, bytes) => writeWhole(root, path(area, digest), bytes),
  }
}

/** A link under the name of a blob would make us read what lies elsewhere. */
async function openRegular(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ELOOP' || error.code === 'ENOTDIR') return undefined
      throw error
    },
  )
  if (file === undefined || (await file.stat()).isFile()) return file
  await file.close()
  return undefined
}
