// Content by its digest, on disk: blobs as a registry sends them, and the tars inside those that are layers.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { algorithmOf, readDigest, type Digest } from '../../bytes/digest.ts'
import { fileSource, type ByteSource } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import { lazy } from '../../lazy.ts'
import {
  beginFile,
  describeFile,
  isSameFile,
  readRecord,
  touch,
  writeDocument,
  writeRecord,
  type FileRecord,
  type Incoming,
} from './file.ts'
import { assertCache, isOursAlone } from './guard.ts'
import { openSeal, type Seal } from './key.ts'
import { contentPath, recordPath, type ContentArea, type DocumentArea } from './layout.ts'
import { sweep } from './usage.ts'

export type CachedFile = { readonly source: ByteSource; close(): Promise<void> }

export type Cache = {
  readonly root: string
  /** The seal by which conclusions about content are trusted; undefined where none is. */
  seal(): Promise<Seal | undefined>
  path(area: ContentArea | DocumentArea, digest: Digest): string
  /** The bytes with this digest, hashed again where the file is not the one that was hashed; undefined for none. */
  find(area: ContentArea, digest: Digest, where: Location): Promise<CachedFile | undefined>
  /** A file to be filled, and then given to `keep`. */
  begin(): Promise<Incoming>
  keep(incoming: Incoming, area: ContentArea, digest: Digest): Promise<void>
  /** Puts a small document in its place. */
  write(area: DocumentArea, digest: Digest, bytes: string | Uint8Array): Promise<void>
}

/**
 * The folder is made when something is first written; what a killed process left behind long ago is removed. Errors of
 * `assertCache` for a folder that is no cache.
 */
export async function openCache(root: string): Promise<Cache> {
  if (await assertCache(root)) await sweep(root)
  const own = lazy(() => openSeal())
  // Evaluated each time: the folder may not exist yet.
  const seal = async (): Promise<Seal | undefined> => ((await isOursAlone(root)) ? own() : undefined)
  const isValid = async (source: ByteSource, digest: Digest, now: FileRecord, record: string): Promise<boolean> => {
    if (isSameFile(await readRecord(record, await seal()), now)) {
      await touch(record)
      return true
    }
    const got = await readDigest(source, algorithmOf(digest)).catch(() => undefined)
    // In a cache that cannot be written it is hashed each time.
    if (got === digest) await writeRecord(root, record, now, await seal()).catch(() => undefined)
    return got === digest
  }
  return {
    root,
    seal,
    path: (area, digest) => contentPath(root, area, digest),
    async find(area, digest, where) {
      const file = await openRegular(contentPath(root, area, digest))
      if (file === undefined) return undefined
      try {
        const described = await describeFile(await file.stat({ bigint: true }))
        const source = fileSource(file, described.size, where)
        if (await isValid(source, digest, described, recordPath(root, area, digest)))
          return { source, close: () => file.close() }
      } catch (error) {
        await file.close()
        throw error
      }
      // A file with other bytes stays where it is: the next writer replaces it.
      await file.close()
      return undefined
    },
    begin: () => beginFile(root, seal),
    keep: (incoming, area, digest) => incoming.keep(contentPath(root, area, digest), recordPath(root, area, digest)),
    write: (area, digest, bytes) => writeDocument(root, contentPath(root, area, digest), bytes),
  }
}

/** Undefined where there is none. A link under the name of a blob would make us read what is elsewhere. */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
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
