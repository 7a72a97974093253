// The account of an initramfs: the base as it is, the extension segment by what it unpacks to.
import type { FileEntry } from '#harness/fs/file-tree.ts'
import type { InitramfsSegment } from '#harness/talos/boot/initramfs.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { derived, free, leaf, leafWith, pinned, type Branch, type Reason, type Span } from './span.ts'
import { accountOfSquashfs } from './squashfs.ts'

const HEADER_SIZE = 110
const LINKS = { offset: 38, size: 8 }
const MTIME = { offset: 46, size: 8 }
const CPIO = derived('cpio as GNU cpio writes it for imager', 'INI-011')
const LAYOUT = derived('the base, then the extension segment', 'INI-001')

export async function accountOfInitramfs(part: TalosPart, offset: number): Promise<Branch> {
  const layout = await part.initramfsLayout()
  const { base } = await part.initramfs()
  const parts: Span[] = []
  for (const segment of layout.segments) parts.push(await accountOfSegment(segment, base?.index))
  for (const { offset: at, size } of layout.padding) parts.push(leaf('padding', at, size, LAYOUT))
  const { trailing } = layout
  if (trailing !== undefined) parts.push(leaf('behind the last segment', trailing.offset, trailing.size, LAYOUT))
  return { name: '.initrd', offset, size: layout.size, parts: parts.toSorted((a, b) => a.offset - b.offset) }
}

async function accountOfSegment(segment: InitramfsSegment, base: number | undefined): Promise<Span> {
  const { index, offset, size, compression } = segment
  const name = `segment ${index}`
  if (base === undefined || index <= base)
    return leaf(name, offset, size, index === base ? pinned('lock.baseInitramfs', 'INI-002') : LAYOUT)
  const { entries, archiveSize: unpacked } = await segment.archive()
  const parts = await accountOfCpio(entries, unpacked)
  return { name, offset, size, decoded: { from: compression, size: unpacked }, parts }
}

async function accountOfCpio(entries: readonly FileEntry[], size: number): Promise<readonly Span[]> {
  const spans: Span[] = []
  const inOrder = entries.toSorted((a, b) => offsetOf(a) - offsetOf(b))
  for (const [at, entry] of inOrder.entries()) {
    const start = offsetOf(entry)
    const next = inOrder[at + 1]
    const contentSize = entry.target === undefined ? (entry.data?.size ?? 0) : Buffer.byteLength(entry.target)
    const stored = align(contentSize)
    const dataAt = next === undefined ? align(start + HEADER_SIZE + nameSize(entry)) : offsetOf(next) - stored
    const name = entry.path === '' ? '.' : entry.path
    const exceptions = [
      ...(entry.type === 'directory'
        ? [leaf(`${name} links`, start + LINKS.offset, LINKS.size, free('the kernel ignores a directory’s links'))]
        : []),
      leaf(`${name} time`, start + MTIME.offset, MTIME.size, free('no node acts on a time')),
    ]
    spans.push(...leafWith(`${name} header`, start, dataAt - start, CPIO, exceptions))
    if (contentSize > 0) spans.push(await accountOfMember(entry, name, dataAt, contentSize))
    if (stored > contentSize) spans.push(leaf(`${name} padding`, dataAt + contentSize, stored - contentSize, CPIO))
  }
  const end = spans.reduce((most, span) => Math.max(most, span.offset + span.size), 0)
  if (size > end) spans.push(leaf('trailer and padding', end, size - end, CPIO))
  return spans
}

async function accountOfMember(
  { path, data, target }: FileEntry,
  name: string,
  at: number,
  size: number,
): Promise<Span> {
  if (target === undefined && data !== undefined && path.endsWith('.sqsh')) return accountOfSquashfs(data, name, at)
  return leaf(name, at, size, reasonOf(path))
}

function reasonOf(path: string): Reason {
  if (path === 'extensions.yaml') return derived('imager’s text for the extensions', 'EXT-040')
  if (path.startsWith('usr/lib/firmware/')) return pinned('lock.extensions[].firmware', 'EXT-017')
  return derived('imager’s list of files', 'INI-001')
}

/** Bytes of a name with its NUL; the root is `.`. */
function nameSize({ path }: FileEntry): number {
  return Buffer.byteLength(path === '' ? '.' : path) + 1
}

function offsetOf({ origin }: FileEntry): number {
  return origin.offset ?? 0
}

function align(size: number): number {
  return Math.ceil(size / 4) * 4
}
