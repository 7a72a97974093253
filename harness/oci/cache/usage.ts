// How full the cache is, and making room in it: what was used longest ago goes first.
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AREAS, areaFolder, CONTENT_AREAS, recordOf, type Area } from './layout.ts'

export type Usage = { readonly area: Area; readonly files: number; readonly bytes: number }
export type Pruned = { readonly files: number; readonly bytes: number; readonly left: number }

/** No download of ours writes nothing for so long. */
const LEFT_OVER_MS = 60 * 60_000

/** Removes what killed processes left behind. */
export async function sweep(root: string, now: number = Date.now()): Promise<void> {
  for (const { path, modified } of await listFiles(areaFolder(root, 'tmp')))
    if (now - modified > LEFT_OVER_MS) await rm(path, { force: true }).catch(() => undefined)
}

export async function measureCache(root: string): Promise<readonly Usage[]> {
  return Promise.all(
    Object.keys(AREAS).map(async (area) => {
      const files = await listFiles(areaFolder(root, area as Area))
      return { area: area as Area, files: files.length, bytes: total(files) }
    }),
  )
}

/**
 * Removes blobs and tars, those used longest ago first, until what is left has at most `maxBytes`. Who reads one at this
 * moment reads on; who comes later fetches it again.
 */
export async function pruneCache(root: string, maxBytes: number): Promise<Pruned> {
  await sweep(root)
  const files: (File & { readonly used: number; readonly record: string })[] = []
  for (const area of CONTENT_AREAS)
    for (const file of await listFiles(areaFolder(root, area))) {
      const record = recordOf(root, file.path)
      files.push({ ...file, record, used: await lastUse(record, file.modified) })
    }
  let left = total(files)
  let removed = 0
  const before = left
  for (const file of files.toSorted((one, other) => one.used - other.used)) {
    if (left <= maxBytes) break
    await rm(file.path, { force: true })
    await rm(file.record, { force: true })
    left -= file.size
    removed++
  }
  return { files: removed, bytes: before - left, left }
}

type File = { readonly path: string; readonly size: number; readonly modified: number }

async function listFiles(folder: string): Promise<readonly File[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const found = await Promise.all(
    files.map((path) =>
      stat(path).then(
        ({ size, mtimeMs }) => ({ path, size, modified: mtimeMs }),
        () => undefined,
      ),
    ),
  )
  return found.filter((file) => file !== undefined)
}

/** A record's time is set whenever its file is used. */
async function lastUse(record: string, otherwise: number): Promise<number> {
  return stat(record).then(
    ({ mtimeMs }) => mtimeMs,
    () => otherwise,
  )
}

function total(files: readonly File[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}
