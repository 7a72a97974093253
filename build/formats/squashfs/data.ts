// File contents: blocks compressed in parallel and written in order, small files packed into fragments, each content
// once.
import { createHash } from 'node:crypto'
import { bytesSource, chunkMemory, freeBuffer, type ByteSource } from '#harness/bytes/source.ts'
import { inPieces } from '../content.ts'
import type { Block, Compressor } from './compressor.ts'
import type { Sink } from './sink.ts'

/** Bit 24 of the size of a block or a fragment: it is stored, not compressed. */
const STORED = 1 << 24
/** Blocks under way at once: enough for the four threads of libuv, and what bounds memory. */
const DEFAULT_CONCURRENCY = 8
/** Order entries (starts and ends of files) that may wait behind them. */
const MAX_WAITING = 1024

/** The position of one content; complete once the writer has finished. */
export type StoredContent = {
  readonly size: number
  /** Offset of the first block; 0 when there is none. */
  start: number
  /** Size on disk of each block, with STORED; 0 for a block of zeros. */
  readonly blocks: number[]
  /** Bytes in blocks of zeros. */
  sparse: number
  fragment: { readonly index: number; readonly offset: number } | undefined
}

/** Policies of mksquashfs: no fragments, fragments of files below the block size, or of every tail end as well. */
export type FragmentPolicy = 'none' | 'small-files' | 'tail-ends'

export type DataOptions = {
  readonly blockSize: number
  readonly fragments: FragmentPolicy
  readonly duplicates: boolean
  readonly concurrency?: number | undefined
}

type Job = { readonly compressing: boolean; readonly run: () => Promise<void> | void }

export class DataWriter {
  readonly #sink: Sink
  readonly #compressor: Compressor
  readonly #options: DataOptions
  readonly #zeros: Buffer
  readonly #jobs: Job[] = []
  readonly #contents = new Map<string, StoredContent>()
  readonly #fragments: Buffer[] = []
  #fragment: Buffer[] = []
  #fragmentSize = 0
  #fragmentCount = 0
  #compressing = 0
  #position: number
  /** Memory of blocks that are written, for those to come. */
  readonly #memory: Buffer[] = []

  /** Contents are written to `sink` from `start`. */
  constructor(sink: Sink, start: number, compressor: Compressor, options: DataOptions) {
    this.#sink = sink
    this.#position = start
    this.#compressor = compressor
    this.#options = options
    this.#zeros = Buffer.alloc(options.blockSize)
  }

  /** Takes in the whole of `data`; a content that is already there is not kept twice. */
  async add(data: Uint8Array | ByteSource): Promise<StoredContent> {
    const source = data instanceof Uint8Array ? bytesSource(data) : data
    const { size } = source
    const { blockSize, duplicates } = this.#options
    const content: StoredContent = { size, start: 0, blocks: [], sparse: 0, fragment: undefined }
    if (size === 0) return content
    const tailSize = this.#tailSize(size)
    const blocksEnd = size - tailSize
    const hash = createHash('sha256')
    if (blocksEnd > 0) await this.#enqueue(() => void (content.start = this.#position))
    const chunks = source.stream(0, blocksEnd, chunkMemory({ size: blocksEnd }))
    for await (const bytes of inPieces(chunks, blockSize)) {
      if (duplicates) hash.update(bytes)
      await this.#addBlock(content, bytes)
    }
    const tail = tailSize > 0 ? await source.read(blocksEnd, tailSize) : undefined
    if (duplicates) {
      if (tail !== undefined) hash.update(tail)
      const key = `${size} ${hash.digest('hex')}`
      const known = this.#contents.get(key)
      if (known !== undefined) {
        // The written part of this copy is overwritten by the next data.
        if (blocksEnd > 0) await this.#enqueue(() => void (this.#position = content.start))
        return known
      }
      this.#contents.set(key, content)
    }
    if (tail !== undefined) await this.#addTail(content, tail)
    return content
  }

  /** Writes what is left; gives the offset behind the data and the fragment table's entries. */
  async finish(): Promise<{ readonly end: number; readonly fragmentCount: number; readonly fragmentTable: Buffer }> {
    await this.#flushFragment()
    await this.#drain(0, 0)
    return {
      end: this.#position,
      fragmentCount: this.#fragmentCount,
      fragmentTable: Buffer.concat(this.#fragments),
    }
  }

  #tailSize(size: number): number {
    const { blockSize, fragments } = this.#options
    if (fragments === 'none' || (fragments === 'small-files' && size >= blockSize)) return 0
    return size % blockSize
  }

  /** `bytes` may be overwritten after. */
  async #addBlock(content: StoredContent, bytes: Uint8Array): Promise<void> {
    const index = content.blocks.push(0) - 1
    if (this.#zeros.subarray(0, bytes.length).equals(bytes)) {
      content.sparse += bytes.length
      return
    }
    const block = this.#memory.pop() ?? Buffer.allocUnsafeSlow(this.#options.blockSize)
    block.set(bytes)
    await this.#compress(block.subarray(0, bytes.length), (_, word) => {
      content.blocks[index] = word
      this.#memory.push(block)
    })
  }

  async #addTail(content: StoredContent, tail: Uint8Array): Promise<void> {
    if (this.#fragmentSize + tail.length > this.#options.blockSize) await this.#flushFragment()
    content.fragment = { index: this.#fragmentCount, offset: this.#fragmentSize }
    // A copy: the tail may be a view of something much larger.
    this.#fragment.push(Buffer.from(tail))
    this.#fragmentSize += tail.length
  }

  async #flushFragment(): Promise<void> {
    if (this.#fragmentSize === 0) return
    const bytes = Buffer.concat(this.#fragment)
    this.#fragment = []
    this.#fragmentSize = 0
    this.#fragmentCount += 1
    await this.#compress(bytes, (start, word) => {
      const entry = Buffer.alloc(16)
      entry.writeBigUInt64LE(BigInt(start), 0) // 0 u64 start_block
      entry.writeUInt32LE(word, 8) // 8 u32 size, with STORED
      this.#fragments.push(entry) // 12 u32 unused
    })
  }

  /** Compresses at once; writes, and says where, when everything before has been written. */
  async #compress(bytes: Uint8Array, done: (start: number, word: number) => void): Promise<void> {
    const compressed: Promise<Block> = this.#compressor.compress(bytes)
    // The caller that awaits it gets the error; without this it would end the process when an earlier job fails first.
    compressed.catch(() => undefined)
    this.#compressing += 1
    await this.#enqueue(async () => {
      const block = await compressed
      this.#compressing -= 1
      await this.#sink.write(block.bytes, this.#position)
      done(this.#position, block.bytes.length | (block.stored ? STORED : 0))
      this.#position += block.bytes.length
      // Nobody reads it again: collecting it as garbage was a fifth of the time.
      if (!block.stored) freeBuffer(block.bytes)
    }, true)
  }

  async #enqueue(run: Job['run'], compressing = false): Promise<void> {
    this.#jobs.push({ compressing, run })
    await this.#drain(this.#options.concurrency ?? DEFAULT_CONCURRENCY, MAX_WAITING)
  }

  async #drain(maxCompressing: number, maxWaiting: number): Promise<void> {
    while (this.#compressing > maxCompressing || this.#jobs.length > maxWaiting) await this.#jobs.shift()?.run()
  }
}
