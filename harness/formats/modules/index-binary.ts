// The binary module indexes that modprobe reads (`modules.*.bin`), a trie: libkmod/libkmod-index.c (kmod 30), version 2.1.
import { Cursor } from '../../bytes/cursor.ts'
import { FormatError, type Location } from '../../errors.ts'
import { decodeName } from '../../fs/file-tree.ts'
import {
  HEADER_SIZE,
  MAGIC,
  NODE_CHILDS,
  NODE_PREFIX,
  NODE_VALUES,
  VERSION_MAJOR,
  VERSION_MINOR,
} from './index-layout.ts'

export type IndexValue = {
  readonly value: string
  /** Less comes first: the module's place in modules.order. */
  readonly priority: number
}

/** Values by key in the order of the trie: keys by their characters, values by priority. */
export type ModulesIndex = ReadonlyMap<string, readonly IndexValue[]>

const FORMAT = 'modules index'
/** A distribution's modules.alias.bin has some 1.5 MiB. */
const MAX_BYTES = 32 << 20
/** PATH_MAX, as kmod has it. Each level adds a character, so this bounds the depth too. */
const MAX_KEY = 4096
/** All keys together; a trie stores them shortened, so that few bytes could become very many. */
const MAX_KEYS = 64 << 20
/** INDEX_NODE_MASK: the offset of a node, below the flags. */
const NODE_MASK = 0x0fff_ffff
const NODE_UNUSED = 0x1000_0000

/**
 * All keys with their values; none for an empty file, as the imager leaves `modules.builtin.bin`. FormatError `modules
 * index`: BAD_MAGIC, UNSUPPORTED version, TRUNCATED, MALFORMED where nodes overlap, form a cycle or leave bytes over,
 * LIMIT_EXCEEDED.
 */
export function parseModulesIndex(bytes: Uint8Array, where: Location = {}): ModulesIndex {
  if (bytes.length > MAX_BYTES)
    throw new FormatError(FORMAT, 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`, {
      at: where,
    })
  const index = new Map<string, readonly IndexValue[]>()
  if (bytes.length === 0) return index
  const cursor = new Cursor(bytes, FORMAT, where)
  // Children are pushed last first, so that keys come in order; the stack never recurses.
  const pending: Node[] = [{ reference: readHeader(cursor), key: '' }]
  const visited = new Set<number>()
  let consumed = HEADER_SIZE
  let keys = 0
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const start = node.reference & NODE_MASK
    if ((node.reference & NODE_UNUSED) !== 0)
      throw cursor.error('MALFORMED', 'expected the bit above the offset of a node unset, got it set', start)
    if (start < HEADER_SIZE) throw cursor.error('MALFORMED', `expected a node after the header, got ${start}`)
    if (visited.has(start)) throw cursor.error('MALFORMED', 'expected every node once, got one twice', start)
    visited.add(start)
    cursor.seek(start)
    const key = hasFlag(node, NODE_PREFIX) ? node.key + readText(cursor, bytes) : node.key
    keys += key.length
    if (key.length > MAX_KEY || keys > MAX_KEYS)
      throw cursor.error(
        'LIMIT_EXCEEDED',
        `expected a key of at most ${MAX_KEY} and all of at most ${MAX_KEYS} characters`,
        start,
      )
    if (hasFlag(node, NODE_CHILDS)) readChildren(cursor, key, pending)
    if (hasFlag(node, NODE_VALUES)) index.set(key, readValues(cursor, bytes))
    // Nodes of a tree do not share bytes; if they may, few bytes could take very long to read.
    consumed += cursor.position - start
    if (consumed > bytes.length)
      throw cursor.error('MALFORMED', 'expected every node once, got nodes that overlap', start)
  }
  if (consumed < bytes.length)
    throw cursor.error('MALFORMED', `expected nodes only, got ${bytes.length - consumed} bytes of none`, HEADER_SIZE)
  return index
}

type Node = { readonly reference: number; readonly key: string }

function hasFlag(node: Node, flag: number): boolean {
  return (node.reference & flag) !== 0
}

function readHeader(cursor: Cursor): number {
  const magic = cursor.u32be('magic') // 0x0, 4
  if (magic !== MAGIC) throw cursor.error('BAD_MAGIC', `expected b007f457, got ${magic.toString(16)}`, 0)
  const version = cursor.u32be('version') // 0x4, 4: major << 16 | minor
  if (version >>> 16 !== VERSION_MAJOR)
    throw cursor.error('UNSUPPORTED', `expected version ${VERSION_MAJOR}, got ${version >>> 16}`, 4)
  if ((version & 0xffff) !== VERSION_MINOR)
    throw cursor.error('MALFORMED', `expected version 2.${VERSION_MINOR}, got 2.${version & 0xffff}`, 4)
  return cursor.u32be('root') // 0x8, 4: flags and offset of the root
}

/** `u8 first; u8 last; u32 children[last - first + 1]`; an offset of 0 is no child. */
function readChildren(cursor: Cursor, key: string, pending: Node[]): void {
  const first = cursor.u8('first child')
  const last = cursor.u8('last child')
  if (first > last) throw cursor.error('MALFORMED', `expected children in order, got ${first} to ${last}`)
  const children: Node[] = []
  for (let character = first; character <= last; character++) {
    const reference = cursor.u32be('child')
    if ((reference & NODE_MASK) !== 0) children.push({ reference, key: key + String.fromCharCode(character) })
  }
  pending.push(...children.toReversed())
}

/** `u32 count; { u32 priority; char value[]; } values[count]` */
function readValues(cursor: Cursor, bytes: Uint8Array): IndexValue[] {
  const count = cursor.u32be('value count')
  const values: IndexValue[] = []
  for (let n = 0; n < count; n++) {
    const priority = cursor.u32be('priority')
    values.push({ value: readText(cursor, bytes), priority })
  }
  return values
}

/** Reads a text up to its NUL. */
function readText(cursor: Cursor, bytes: Uint8Array): string {
  const end = bytes.indexOf(0, cursor.position)
  if (end < 0) throw cursor.error('TRUNCATED', 'expected a NUL, got the end')
  const text = decodeName(cursor.bytes(end - cursor.position, 'text'))
  cursor.skip(1)
  return text
}
