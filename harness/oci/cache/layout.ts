// The layout of the cache: one folder, named by the version of this layout, with one subfolder for each kind of content.
import { join } from 'node:path'
import { algorithmOf, encodedPart, type Digest } from '../../bytes/digest.ts'
import { personalFolder, type Environment } from '../home.ts'

/** Part of the path: a cache of another layout is another folder. */
const VERSION = 'v2'
const FOLDER = join('talos-image-contract', VERSION)

/** The default as a person reads it, in `--help` and in the README. */
export const DEFAULT_CACHE = join('$XDG_CACHE_HOME', FOLDER)

/** The subfolders and what they keep. `blobs` and `tars` are content, which `prune` removes; the rest is small. */
export const AREAS = {
  blobs: 'blobs as a registry sends them, by digest',
  tars: 'uncompressed tars of layers, by digest',
  layers: 'indexes of layers: the entries of their tars',
  facts: 'what readers found in bytes, by their digest',
  names: 'digests that tags were last resolved to, and lists of referrers',
  records: 'size and time of each blob and tar when it was last hashed',
  descriptions: 'what was read of upstream images, by digest',
  tuf: "metadata of Sigstore's public trust root",
  spool: 'decompressed bytes, unlinked while they are in use',
  tmp: 'files that are being written',
} as const satisfies Readonly<Record<string, string>>

/** The file that says that a folder is a cache of ours, and its text. */
export const MARKER = 'talos-image-contract.cache'
export const MARKER_TEXT = 'This folder is a cache of talos-image-contract: files are removed from it at any time.\n'

/** No other user reads, or writes: what is concluded is believed. */
export const FOLDER_MODE = 0o700

/** Names of files that are being written. */
export const TEMPORARY = /^\d+-[0-9a-f]{24}$/
/** Names of content below `<area>/<algorithm>`. */
export const ENCODED = /^(?:[0-9a-f]{64}|[0-9a-f]{128})$/

export type Area = keyof typeof AREAS
export type ContentArea = 'blobs' | 'tars'
/** Small documents, each put in its place as a whole. */
export type DocumentArea = 'layers' | 'names' | 'facts'
export const CONTENT_AREAS: readonly ContentArea[] = ['blobs', 'tars']

/** The folder of a person's cache (XDG Base Directory Specification). */
export function defaultCacheFolder(env: Environment = process.env): string {
  return join(personalFolder(env, 'XDG_CACHE_HOME', '.cache'), FOLDER)
}

export function areaFolder(root: string, area: Area): string {
  return join(root, area)
}

export function contentPath(root: string, area: ContentArea | DocumentArea, digest: Digest): string {
  return join(areaFolder(root, area), algorithmOf(digest), encodedPart(digest))
}

/** The record of a file of a content area. */
export function recordPath(root: string, area: ContentArea, digest: Digest): string {
  return join(areaFolder(root, 'records'), area, algorithmOf(digest), `${encodedPart(digest)}.json`)
}

/** The record of the file at `path`, which is below `root` in a content area. */
export function recordOf(root: string, path: string): string {
  return join(areaFolder(root, 'records'), `${path.slice(root.length + 1)}.json`)
}
