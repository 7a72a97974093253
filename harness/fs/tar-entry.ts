// One entry of a tar as facts: what the unpacker and the scanner say about it, put together. Nothing is judged; what is
// odd is written down.
import type { Header } from 'tar-stream'
import { withDigest, type Digest } from '../bytes/digest.ts'
import { memberLocation, type ByteSource } from '../bytes/source.ts'
import { FormatError, type FormatCode, type Location } from '../errors.ts'
import { decodeName, normalizePath, type FileEntry, type FileType } from './file-tree.ts'
import type { FormProblem } from './tar-form.ts'
import { BLOCK_SIZE } from './tar-fields.ts'
import { XATTR_PREFIX, type ScannedHeader } from './tar-scanner.ts'

/**
 * `duplicate`: an earlier entry has this path. `escapes`: the stored name, or the target of a hard link, is absolute or
 * has a part `..`. `number`: mode, owner, time or device is no number and was read as 0. `type`: containerd knows no such
 * type of entry (7), or makes a file where others make a folder (0 with a name that ends in a slash).
 */
export type TarProblem = 'duplicate' | 'escapes' | 'type' | FormProblem

export type TarEntry = FileEntry & {
  /** The digest of the content of a big file. */
  readonly digest?: Digest
  /** The name as stored, bytes that are no UTF-8 as `\xNN`. */
  readonly rawName: string
  readonly problems: readonly TarProblem[]
  /** True if the header is as Go writes it. */
  readonly isGo: boolean
}

/** PATH_MAX of Linux, with its NUL. */
const MAX_NAME_BYTES = 4096
/** Deeper than any image goes; who looks for what hides an entry walks up from each. */
const MAX_DEPTH = 256

const TYPES: ReadonlyMap<string, FileType> = new Map([
  ['file', 'file'],
  ['contiguous-file', 'file'],
  ['link', 'hardlink'],
  ['symlink', 'symlink'],
  ['character-device', 'character'],
  ['block-device', 'block'],
  ['directory', 'directory'],
  ['fifo', 'fifo'],
])

/**
 * The facts of an entry, without its content. FormatError LIMIT_EXCEEDED for a name that no Linux takes, MALFORMED for
 * one with NUL, UNSUPPORTED for a folder with content. `header` has its names in latin1, but for those that PAX gave.
 */
export function toTarEntry(header: Header, scanned: ScannedHeader, tar: Location): TarEntry {
  const origin = { ...tar, offset: scanned.offset }
  const pax = header.pax as Readonly<Record<string, string>> | null | undefined
  const rawName = storedText(header.name, pax?.['path'])
  const rawTarget = storedText(header.linkname ?? '', pax?.['linkpath'])
  const path = checkPath(rawName, origin)
  const target = checkPath(rawTarget, origin)
  const type = typeOf(header, rawName, scanned, origin)
  const numbers = readNumbers(header, scanned)
  const problems: TarProblem[] = []
  if (escapes(rawName) || (type === 'hardlink' && escapes(rawTarget))) problems.push('escapes')
  if (scanned.flag === '7' || (scanned.flag === '0' && rawName.endsWith('/'))) problems.push('type')
  problems.push(...scanned.problems)
  if (Object.values(numbers).includes(undefined) && !problems.includes('number')) problems.push('number')
  const xattrs = readXattrs(scanned.pax)
  return {
    path,
    rawName,
    type,
    mode: (numbers.mode ?? 0) & 0o7777,
    uid: numbers.uid ?? 0,
    gid: numbers.gid ?? 0,
    size: type === 'file' ? scanned.size : 0,
    mtime: numbers.mtime ?? 0,
    problems,
    isGo: scanned.isGo,
    origin,
    ...(type === 'symlink' && { target: rawTarget }),
    ...(type === 'hardlink' && { target }),
    ...(xattrs.size > 0 && { xattrs }),
  }
}

/**
 * The content of a file in `tar`. Where facts are shared, those about a big one are shared by its own digest: the same file
 * in another tar has them, too.
 */
export function contentOf({ path, size, origin, digest }: TarEntry, tar: ByteSource): ByteSource {
  const content = tar.slice((origin.offset ?? 0) + BLOCK_SIZE, size, memberLocation(tar.where, path))
  const facts = tar.identity?.facts
  return facts === undefined || digest === undefined ? content : withDigest(content, digest, facts)
}

/** A file whose name ends with a slash is a folder of old tars; with content, readers disagree what it is. */
function typeOf(header: Header, rawName: string, { size }: ScannedHeader, origin: Location): FileType {
  const type = TYPES.get(header.type)
  if (type === undefined) throw error('UNSUPPORTED', 'expected a known type of entry', origin)
  if (type !== 'file' || !rawName.endsWith('/')) return type
  if (size > 0) throw error('UNSUPPORTED', `expected no content of a folder, got ${size} bytes`, origin)
  return 'directory'
}

/** A field that went through latin1, unless PAX gave it: then it was UTF-8 to begin with. */
function storedText(text: string, pax: string | undefined): string {
  return pax !== undefined && pax !== '' ? pax : decodeName(Buffer.from(text, 'latin1'))
}

function checkPath(name: string, at: Location): string {
  if (name.length > MAX_NAME_BYTES)
    throw error('LIMIT_EXCEEDED', `expected a name of at most ${MAX_NAME_BYTES} bytes, got more`, at)
  if (name.includes('\0')) throw error('MALFORMED', 'expected a name without NUL', at)
  const path = normalizePath(name)
  if (path.split('/').length > MAX_DEPTH)
    throw error('LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} nested folders, got more`, at)
  return path
}

function escapes(name: string): boolean {
  return name.startsWith('/') || name.split('/').includes('..')
}

type Numbers = Readonly<Record<'mode' | 'uid' | 'gid' | 'mtime', number | undefined>>

function readNumbers({ mode, uid, gid }: Header, { pax, mtime }: ScannedHeader): Numbers {
  const stated = (key: string, field: number | undefined): number | undefined => {
    const bytes = pax.get(key)
    return safeInteger(bytes === undefined || bytes.length === 0 ? field : parseDecimal(bytes))
  }
  return { mode: safeInteger(mode), uid: stated('uid', uid), gid: stated('gid', gid), mtime: stated('mtime', mtime) }
}

function safeInteger(value: number | undefined): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined
}

/** PAX times have fractions: seconds, rounded down. */
function parseDecimal(bytes: Uint8Array): number | undefined {
  const text = Buffer.from(bytes).toString('latin1')
  return /^-?\d{1,16}(?:\.\d*)?$/.test(text) ? Math.floor(Number(text)) : undefined
}

function readXattrs(pax: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const pairs = [...pax].filter(([key]) => key.startsWith(XATTR_PREFIX))
  return new Map(pairs.map(([key, value]) => [key.slice(XATTR_PREFIX.length), value]))
}

function error(code: FormatCode, message: string, at: Location): FormatError {
  return new FormatError('tar', code, message, { at })
}
