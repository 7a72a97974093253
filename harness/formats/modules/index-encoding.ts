// The bytes of a binary module index as depmod writes them: a trie that is shortened where no key branches off, its nodes
// side by side (kmod 30 and 34 tools/depmod.c index_insert, index_write__node).
import type { IndexValue, ModulesIndex } from './index-binary.ts'
import {
  HEADER_SIZE,
  MAGIC,
  NODE_CHILDS,
  NODE_PREFIX,
  NODE_VALUES,
  VERSION_MAJOR,
  VERSION_MINOR,
} from './index-layout.ts'

type Trie = { prefix: string; values: readonly IndexValue[] | undefined; children: Map<number, Trie> }

/** depmod up to 33 writes the children of a node before it, since 34 behind it. */
export type NodeOrder = 'children first' | 'parents first'

/** The bytes of `index` as depmod lays them out: its keys by their characters, the values of each in the given order. */
export function encodeModulesIndex(index: ModulesIndex, order: NodeOrder): Uint8Array {
  const chunks: Buffer[] = []
  let offset = HEADER_SIZE
  const place = (node: Trie): number => {
    const characters = [...node.children.keys()].toSorted((a, b) => a - b)
    const writeChildren = (): readonly number[] =>
      characters.map((character) => place(node.children.get(character) ?? emptyTrie('')))
    const before = order === 'children first' ? writeChildren() : []
    const table = childTable(characters, before)
    const prefix = node.prefix === '' ? Buffer.alloc(0) : textBytes(node.prefix)
    const values = node.values === undefined ? Buffer.alloc(0) : valueBytes(node.values)
    const start = offset
    chunks.push(prefix, table, values)
    offset += prefix.length + table.length + values.length
    if (order === 'parents first') childTable(characters, writeChildren()).copy(table)
    const flags =
      (prefix.length > 0 ? NODE_PREFIX : 0) +
      (table.length > 0 ? NODE_CHILDS : 0) +
      (values.length > 0 ? NODE_VALUES : 0)
    return start + flags
  }
  const root = place(buildTrie(index))
  const header = Buffer.alloc(HEADER_SIZE)
  header.writeUInt32BE(MAGIC, 0)
  header.writeUInt16BE(VERSION_MAJOR, 4)
  header.writeUInt16BE(VERSION_MINOR, 6)
  header.writeUInt32BE(root, 8)
  return Buffer.concat([header, ...chunks])
}

function emptyTrie(prefix: string): Trie {
  return { prefix, values: undefined, children: new Map() }
}

/** Inserts each key as depmod does: a node whose prefix the key leaves is split there. The root has no prefix. */
function buildTrie(index: ModulesIndex): Trie {
  const root = emptyTrie('')
  for (const [key, values] of index) {
    let node = root
    let at = 0
    for (;;) {
      const shared = sharedLength(node.prefix, key, at)
      if (shared < node.prefix.length) split(node, shared)
      at += shared
      if (at === key.length) break
      const character = key.charCodeAt(at++)
      const child = node.children.get(character)
      if (child === undefined) {
        const leaf = emptyTrie(key.slice(at))
        node.children.set(character, leaf)
        node = leaf
        at = key.length
        break
      }
      node = child
    }
    node.values = values
  }
  return root
}

function sharedLength(prefix: string, key: string, at: number): number {
  let length = 0
  while (length < prefix.length && prefix[length] === key[at + length]) length++
  return length
}

/** Cuts the prefix at `length`; a child takes what is behind the character there. */
function split(node: Trie, length: number): void {
  const lower: Trie = { prefix: node.prefix.slice(length + 1), values: node.values, children: node.children }
  node.children = new Map([[node.prefix.charCodeAt(length), lower]])
  node.prefix = node.prefix.slice(0, length)
  node.values = undefined
}

function childTable(characters: readonly number[], references: readonly number[]): Buffer {
  const [first, last] = [characters[0], characters.at(-1)]
  if (first === undefined || last === undefined) return Buffer.alloc(0)
  const table = Buffer.alloc(2 + 4 * (last - first + 1))
  table.writeUInt8(first, 0)
  table.writeUInt8(last, 1)
  for (const [place, character] of characters.entries())
    table.writeUInt32BE(references[place] ?? 0, 2 + 4 * (character - first))
  return table
}

function valueBytes(values: readonly IndexValue[]): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(values.length)
  return Buffer.concat([
    count,
    ...values.flatMap(({ priority, value }) => {
      const word = Buffer.alloc(4)
      word.writeUInt32BE(priority)
      return [word, textBytes(value)]
    }),
  ])
}

/** Names come as UTF-8 where they are valid, else as Latin-1; depmod refuses keys beyond ASCII. */
function textBytes(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8')
}
