// Writes the binary module indexes that modprobe searches: a trie, libkmod/libkmod-index.h of kmod, version 2.1.
import { FormatError, type FormatCode } from '#harness/errors.ts'

export type IndexEntry = {
  readonly key: string
  readonly value: string
  /** Values of one key are sorted by it; of equal ones the later comes first, as depmod inserts them. */
  readonly priority: number
}

const MAGIC = 0xb007f457
const VERSION = 0x0002_0001
const HEADER_SIZE = 12
const HAS_PREFIX = 0x8000_0000 // INDEX_NODE_PREFIX
const HAS_VALUES = 0x4000_0000 // INDEX_NODE_VALUES
const HAS_CHILDREN = 0x2000_0000 // INDEX_NODE_CHILDS
const MAX_OFFSET = 0x0fff_ffff // INDEX_NODE_MASK
/**
 * The buffer that depmod up to 30 has for a key; a node holds at least one character, so this bounds the depth.
 */
const MAX_KEY = 1023

/** FormatError `modules index`: UNSUPPORTED for text beyond ASCII, LIMIT_EXCEEDED for long keys and large indexes. */
export function encodeIndex(entries: readonly IndexEntry[]): Uint8Array {
  const values = new Map<string, IndexEntry[]>()
  for (const entry of entries.toReversed()) {
    checkText(entry)
    const known = values.get(entry.key)
    if (known === undefined) values.set(entry.key, [entry])
    else known.push(entry)
  }
  const keys = [...values.keys()].toSorted((a, b) => (a < b ? -1 : Number(a > b)))
  const parts: Buffer[] = [Buffer.alloc(HEADER_SIZE)]
  let size = HEADER_SIZE

  /** Writes the node of the keys from `from` to `to`, which share `depth` characters, after its children. */
  const writeNode = (from: number, to: number, depth: number, isRoot: boolean): number => {
    const first = keys[from]
    const last = keys[to - 1]
    // depmod never shortens the root.
    const prefix = first === undefined || last === undefined || isRoot ? '' : commonPrefix(first, last, depth)
    const end = depth + prefix.length
    const own = first !== undefined && first.length === end ? values.get(first) : undefined
    const children = writeChildren(own === undefined ? from : from + 1, to, end)
    const node = Buffer.concat([
      prefix === '' ? Buffer.alloc(0) : encodeText(prefix),
      children,
      own === undefined ? Buffer.alloc(0) : encodeValues(own),
    ])
    const flags = [prefix !== '' && HAS_PREFIX, children.length > 0 && HAS_CHILDREN, own !== undefined && HAS_VALUES]
    const offset = size
    if (offset > MAX_OFFSET) throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_OFFSET} bytes, got more`)
    parts.push(node)
    size += node.length
    return flags.reduce<number>((sum, flag) => sum + Number(flag), offset)
  }

  /** `u8 first; u8 last; u32 children[last - first + 1]`, an offset of 0 for no child. */
  const writeChildren = (from: number, to: number, depth: number): Buffer => {
    const offsets = new Map<number, number>()
    for (let at = from; at < to;) {
      const character = keys[at]?.charCodeAt(depth) ?? 0
      let end = at
      while (end < to && keys[end]?.charCodeAt(depth) === character) end++
      offsets.set(character, writeNode(at, end, depth + 1, false))
      at = end
    }
    if (offsets.size === 0) return Buffer.alloc(0)
    const [first, last] = [Math.min(...offsets.keys()), Math.max(...offsets.keys())]
    const bytes = Buffer.alloc(2 + 4 * (last - first + 1))
    bytes.writeUInt8(first, 0)
    bytes.writeUInt8(last, 1)
    for (const [character, offset] of offsets) bytes.writeUInt32BE(offset, 2 + 4 * (character - first))
    return bytes
  }

  const root = writeNode(0, keys.length, 0, true)
  parts[0]?.writeUInt32BE(MAGIC, 0)
  parts[0]?.writeUInt32BE(VERSION, 4)
  parts[0]?.writeUInt32BE(root, 8)
  return Buffer.concat(parts)
}

/** `u32 count; { u32 priority; char value[]; } values[count]` */
function encodeValues(values: readonly IndexEntry[]): Buffer {
  const sorted = values.toSorted((a, b) => a.priority - b.priority)
  return Buffer.concat([
    u32(sorted.length),
    ...sorted.flatMap(({ priority, value }) => [u32(priority), encodeText(value)]),
  ])
}

/**
 * The text that two keys share from `depth` on; they are the first and the last of a sorted run, so all between share
 * it.
 */
function commonPrefix(first: string, last: string, depth: number): string {
  let end = depth
  while (end < first.length && first[end] === last[end]) end++
  return first.slice(depth, end)
}

function encodeText(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'latin1')
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function checkText({ key, value }: IndexEntry): void {
  if (key.length > MAX_KEY) throw fail('LIMIT_EXCEEDED', `expected keys of at most ${MAX_KEY} characters, got more`)
  if (!Buffer.from(key + value).every((byte) => byte > 0 && byte < 0x80))
    throw fail('UNSUPPORTED', `expected ASCII, got ${JSON.stringify(`${key} ${value}`.slice(0, 120))}`)
}

function fail(code: FormatCode, message: string): FormatError {
  return new FormatError('modules index', code, message)
}
