// The size of the cache, and its pruning: the content used longest ago goes first.
import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { assertCache } from './guard.ts'
import {
  AREAS,
  areaFolder,
  CONTENT_AREAS,
  ENCODED,
  recordOf,
  TEMPORARY,
  type Area,
  type ContentArea,
} from './layout.ts'

export type Usage = { readonly area: Area; readonly files: number; readonly bytes: number }
export type Pruned = { readonly files: number; readonly bytes: number; readonly left: number }

/** No download of ours writes nothing for so long. */
const LEFT_OVER_MS = 60 * 60_000

/** Removes what killed processes left behind. */
export async function sweep(root: string, now: number = Date.now()): Promise<void> {
  for (const { path, modified } of await listFiles(areaFolder(root, 'tmp'), TEMPORARY))
    if (now - modified > LEFT_OVER_MS) await rm(path, { force: true }).catch(() => undefined)
}

/** Errors of `assertCache` for a folder that is no cache. */
export async function measureCache(root: string): Promise<readonly Usage[]> {
  await assertCache(root)
  return Promise.all(
    Object.keys(AREAS).map(async (area) => {
      const files = await listAll(areaFolder(root, area as Area))
      return { area: area as Area, files: files.length, bytes: total(files) }
    }),
  )
}

/**
 * Removes blobs, tars and facts, those used longest ago first, until what is left has at most `maxBytes`. Who reads one at this
 * moment reads on; who comes later fetches it again. Errors of `assertCache` for a folder that is no cache.
 */
export async function pruneCache(root: string, maxBytes: number): Promise<Pruned> {
  if (!(await assertCache(root))) return { files: 0, bytes: 0, left: 0 }
  await sweep(root)
  // Facts have no record: reading them sets their own time.
  const files: (File & { readonly used: number; readonly record?: string })[] = (await listContent(root, 'facts')).map(
    (file) => ({ ...file, used: file.modified }),
  )
  for (const area of CONTENT_AREAS)
    for (const file of await listContent(root, area)) {
      const record = recordOf(root, file.path)
      files.push({ ...file, record, used: await lastUse(record, file.modified) })
    }
  let left = total(files)
  let removed = 0
  const before = left
  for (const file of files.toSorted((one, other) => one.used - other.used)) {
    if (left <= maxBytes) break
    await rm(file.path, { force: true })
    if (file.record !== undefined) await rm(file.record, { force: true })
    left -= file.size
    removed++
  }
  return { files: removed, bytes: before - left, left }
}

/** Files and bytes of kept facts: those of some hundred images. */
const MAX_FACT_FILES = 4000
const MAX_FACT_BYTES = 512 << 20

/** Removes facts that were used longest ago where there are too many; a quarter goes at once. */
export async function boundFacts(root: string, maxFiles = MAX_FACT_FILES, maxBytes = MAX_FACT_BYTES): Promise<void> {
  const files = await listContent(root, 'facts')
  let [count, bytes] = [files.length, total(files)]
  if (count <= maxFiles && bytes <= maxBytes) return
  for (const { path, size } of files.toSorted((one, other) => one.modified - other.modified)) {
    if (count <= 0.75 * maxFiles && bytes <= 0.75 * maxBytes) return
    await rm(path, { force: true }).catch(() => undefined)
    count--
    bytes -= size
  }
}

type File = { readonly path: string; readonly size: number; readonly modified: number }

/** Content by its own names alone: what else is there is not ours to count or to remove. */
async function listContent(root: string, area: ContentArea | 'facts'): Promise<readonly File[]> {
  const algorithms = await readdir(areaFolder(root, area), { withFileTypes: true }).catch(() => [])
  const folders = algorithms
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(areaFolder(root, area), name))
  return (await Promise.all(folders.map((folder) => listFiles(folder, ENCODED)))).flat()
}

/** Files of these names, and no links, right in a folder. */
async function listFiles(folder: string, names: RegExp): Promise<readonly File[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && names.test(entry.name))
    .map(({ name }) => join(folder, name))
  return statAll(files)
}

/** All files of an area, to be counted. */
async function listAll(folder: string): Promise<readonly File[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return statAll(entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)))
}

async function statAll(paths: readonly string[]): Promise<readonly File[]> {
  const found = await Promise.all(
    paths.map((path) =>
      lstat(path).then(
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
