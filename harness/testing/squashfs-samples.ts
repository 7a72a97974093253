// Small squashfs images for tests, made from a description. Blocks are stored as they are unless `encode` is given.
import {
  fields,
  metadataBlock,
  METADATA_SIZE,
  MetadataWriter,
  type Encode,
  type Place,
} from './squashfs-sample-bytes.ts'

type Common = {
  readonly name: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  /** Write the extended form of the inode; implied by xattrs and, for files, by `links`. */
  readonly extended?: boolean
  readonly links?: number
  readonly xattrs?: readonly SampleXattr[]
}
type SampleXattr = {
  /** 0 user, 1 trusted, 2 security. */
  readonly prefix: number
  readonly name: string
  readonly value: Uint8Array
  /** Stored apart, and once for all that have the same object as value. */
  readonly outOfLine?: boolean
}
export type SampleNode = Common &
  (
    | { readonly type: 'directory'; readonly children: readonly SampleNode[] }
    | { readonly type: 'file'; readonly content: Uint8Array; readonly tailInFragment?: boolean }
    | { readonly type: 'symlink'; readonly target: string }
    | { readonly type: 'block' | 'character'; readonly device: number }
    | { readonly type: 'fifo' | 'socket' }
    /** A second entry for the inode of an earlier path. */
    | { readonly type: 'link'; readonly to: string }
  )
export type SampleOptions = {
  readonly blockSize?: number
  /** 1 gzip … 6 zstd. */
  readonly compressor?: number
  /** Compresses every block, metadata too; positions of `inodeAt` and `listingAt` are then of no use. */
  readonly encode?: Encode
}
export type Sample = {
  readonly bytes: Buffer
  /** The offset in `bytes` of the inode of a path ('' for the root), and of the listing of a directory. */
  readonly inodeAt: ReadonlyMap<string, number>
  readonly listingAt: ReadonlyMap<string, number>
  /** The offsets of the pointers of the tables. */
  readonly index: { readonly id: number; readonly fragment: number; readonly xattr: number }
  /** Offsets behind the header of the one block of keys and values, of xattr ids and of fragment entries. */
  readonly xattrsAt: number
  readonly xattrIdsAt: number
  readonly fragmentsAt: number
}

const TYPES = ['', 'directory', 'file', 'symlink', 'block', 'character', 'fifo', 'socket']
const NONE = 0xffff_ffff

/** Offsets in the image, behind the headers of their stored metadata blocks. */
function positions(table: number, places: ReadonlyMap<string, Place>): Map<string, number> {
  return new Map([...places].map(([path, { block, offset }]) => [path, table + block + 2 + offset]))
}

/** An image with `children` in its root. */
export function makeSquashfs(children: readonly SampleNode[], options: SampleOptions = {}): Sample {
  const { blockSize = 4096, compressor = 1, encode } = options
  const inodes = new MetadataWriter(encode)
  const listings = new MetadataWriter(encode)
  const xattrs = new MetadataWriter(encode)
  const data: Uint8Array[] = [Buffer.alloc(96)]
  const fragments: Buffer[] = []
  const xattrIds: Buffer[] = []
  const values = new Map<Uint8Array, Place>()
  const ids: number[] = []
  const inodePlaces = new Map<string, Place & { number: number; type: number }>()
  const listingPlaces = new Map<string, Place>()
  let fragment = Buffer.alloc(0)
  let inodeCount = 0

  const end = (): number => data.reduce((sum, part) => sum + part.length, 0)
  const writeBlock = (bytes: Uint8Array): number => {
    if (bytes.every((byte) => byte === 0)) return 0
    data.push(encode?.(bytes) ?? bytes)
    return encode === undefined ? bytes.length | (1 << 24) : encode(bytes).length
  }
  const flushFragment = (): void => {
    if (fragment.length === 0) return
    const start = end()
    data.push(encode?.(fragment) ?? fragment)
    const word = encode === undefined ? fragment.length | (1 << 24) : encode(fragment).length
    fragments.push(fields([start, 8], [word, 4], [0, 4]))
    fragment = Buffer.alloc(0)
  }
  const idOf = (id: number): number => (ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1)
  const writeXattrs = (set: readonly SampleXattr[] | undefined): number => {
    if (set === undefined) return NONE
    const pairs = set.map(({ prefix, name, value, outOfLine }) => {
      const stored = fields([value.length, 4], value)
      const head = fields([prefix | (outOfLine ? 0x100 : 0), 2], [name.length, 2], Buffer.from(name))
      if (!outOfLine) return Buffer.concat([head, stored])
      const { block, offset } = values.get(value) ?? xattrs.append(stored)
      values.set(value, { block, offset })
      return fields(head, [8, 4], [(BigInt(block) << 16n) | BigInt(offset), 8])
    })
    const { block, offset } = xattrs.append(Buffer.concat(pairs))
    return xattrIds.push(fields([(BigInt(block) << 16n) | BigInt(offset), 8], [set.length, 4], [0, 4])) - 1
  }

  const writeNode = (node: SampleNode, path: string): void => {
    if (node.type === 'link') return void inodePlaces.set(path, inodePlaces.get(node.to)!)
    const listing = node.type === 'directory' ? writeListing(node.children, path) : { block: 0, offset: 0, size: 3 }
    const extended =
      node.extended === true ||
      node.xattrs !== undefined ||
      listing.size > 0xffff ||
      (node.type === 'file' && node.links !== undefined)
    const type = TYPES.indexOf(node.type)
    const number = ++inodeCount
    const head = fields(
      [extended ? type + 7 : type, 2],
      [node.mode ?? 0o644, 2],
      [idOf(node.uid ?? 0), 2],
      [idOf(node.gid ?? 0), 2],
      [node.mtime ?? 0, 4],
      [number, 4],
    )
    const body = writeBody(node, extended, listing, writeXattrs(node.xattrs))
    inodePlaces.set(path, { ...inodes.append(Buffer.concat([head, body])), number, type })
  }
  const writeBody = (node: SampleNode, extended: boolean, listing: Place & { size: number }, xattr: number): Buffer => {
    const links = [node.links ?? 1, 4] as const
    const tail = extended ? fields([xattr, 4]) : Buffer.alloc(0)
    if (node.type === 'directory')
      return extended
        ? fields(links, [listing.size, 4], [listing.block, 4], [0, 4], [0, 2], [listing.offset, 2], tail)
        : fields([listing.block, 4], links, [listing.size, 2], [listing.offset, 2], [0, 4])
    if (node.type === 'file') {
      const { content } = node
      const inFragment = node.tailInFragment === true && content.length % blockSize > 0
      const full = inFragment ? content.length - (content.length % blockSize) : content.length
      if (inFragment && fragment.length + (content.length - full) > blockSize) flushFragment()
      const start = end()
      const words: Buffer[] = []
      for (let at = 0; at < full; at += blockSize)
        words.push(fields([writeBlock(content.subarray(at, Math.min(full, at + blockSize))), 4]))
      const place = fields([inFragment ? fragments.length : NONE, 4], [inFragment ? fragment.length : 0, 4])
      if (inFragment) fragment = Buffer.concat([fragment, content.subarray(full)])
      return extended
        ? fields([start, 8], [content.length, 8], [0, 8], links, place, tail, ...words)
        : fields([start, 4], place, [content.length, 4], ...words)
    }
    if (node.type === 'symlink')
      return fields(links, [Buffer.byteLength(node.target), 4], Buffer.from(node.target), tail)
    if (node.type === 'block' || node.type === 'character') return fields(links, [node.device, 4], tail)
    return fields(links, tail)
  }
  const writeListing = (nodes: readonly SampleNode[], path: string): Place & { size: number } => {
    for (const child of nodes) writeNode(child, path === '' ? child.name : `${path}/${child.name}`)
    const runs: Buffer[] = []
    let block = -1
    let run: Buffer[] = []
    const flush = (): void => {
      if (run.length > 0) runs.push(fields([run.length - 1, 4], [block, 4], [1, 4]), ...run)
      run = []
    }
    for (const child of nodes) {
      const place = inodePlaces.get(path === '' ? child.name : `${path}/${child.name}`)!
      const name = Buffer.from(child.name, 'latin1')
      if (place.block !== block || run.length === 256) flush()
      block = place.block
      run.push(fields([place.offset, 2], [place.number - 1, 2], [place.type, 2], [name.length - 1, 2], name))
    }
    flush()
    const bytes = Buffer.concat(runs)
    const place = listings.append(bytes)
    listingPlaces.set(path, place)
    return { ...(bytes.length === 0 ? { block: 0, offset: 0 } : place), size: bytes.length + 3 }
  }

  writeNode({ type: 'directory', name: '', mode: 0o755, children }, '')
  flushFragment()
  const inodeTable = end()
  data.push(inodes.finish())
  const directoryTable = end()
  data.push(listings.finish())
  const writeTable = (records: readonly Uint8Array[]): { at: number; pointers: Buffer } => {
    const at = end() + 2
    const pointers: Buffer[] = []
    const bytes = Buffer.concat(records)
    for (let from = 0; from < bytes.length; from += METADATA_SIZE) {
      pointers.push(fields([end(), 8]))
      data.push(metadataBlock(bytes.subarray(from, from + METADATA_SIZE), encode))
    }
    return { at, pointers: Buffer.concat(pointers) }
  }
  const writeIndex = (pointers: Uint8Array): number => {
    const at = end()
    data.push(pointers)
    return at
  }
  const fragmentTable = writeTable(fragments)
  const fragmentIndex = writeIndex(fragmentTable.pointers)
  const idIndex = writeIndex(writeTable(ids.map((id) => fields([id, 4]))).pointers)
  const xattrTable = end()
  data.push(xattrs.finish())
  const xattrIdTable = writeTable(xattrIds)
  const xattrIndex = writeIndex(fields([xattrTable, 8], [xattrIds.length, 4], [0, 4], xattrIdTable.pointers))
  const bytesUsed = end()
  const root = inodePlaces.get('')!
  data[0] = fields(
    Buffer.from('hsqs'),
    [inodeCount, 4],
    [1_700_000_000, 4],
    [blockSize, 4],
    [fragments.length, 4],
    [compressor, 2],
    [Math.log2(blockSize), 2],
    [0, 2],
    [ids.length, 2],
    [4, 2],
    [0, 2],
    [(BigInt(root.block) << 16n) | BigInt(root.offset), 8],
    [bytesUsed, 8],
    [idIndex, 8],
    [xattrIds.length === 0 ? -1 : xattrIndex, 8],
    [inodeTable, 8],
    [directoryTable, 8],
    [fragmentIndex, 8],
    [-1, 8],
  )
  return {
    bytes: Buffer.concat([...data, Buffer.alloc((4096 - (bytesUsed % 4096)) % 4096)]),
    inodeAt: positions(inodeTable, inodePlaces),
    listingAt: positions(directoryTable, listingPlaces),
    index: { id: idIndex, fragment: fragmentIndex, xattr: xattrIndex },
    xattrsAt: xattrTable + 2,
    xattrIdsAt: xattrIdTable.at,
    fragmentsAt: fragmentTable.at,
  }
}
