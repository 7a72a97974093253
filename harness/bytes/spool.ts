// The store of decompressed bytes: memory while they are few, an anonymous file once they are many.
import { randomBytes } from 'node:crypto'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { UNLIMITED, type BudgetLimits } from '../budget.ts'
import { FormatError } from '../errors.ts'
import type { Facts, SpoolOptions } from './facts.ts'
import { writeAll } from './file.ts'
import { makeFolder } from './folder.ts'
import { lazy } from '../lazy.ts'
import { followedContent, identified, keyOf } from './identity.ts'
import { bytesSource, fileSource, type ByteSource } from './source.ts'

/** A spooled stream below this size stays in memory: most images have many small members and few big ones. */
export const MEMORY_LIMIT = 1 << 20

export type { SpoolOptions } from './facts.ts'

/** The size of a hole that is found by takeSparse. */
const PIECE_SIZE = 1 << 16
const ZEROS = Buffer.alloc(PIECE_SIZE)

/**
 * A folder for spooled streams. Files are unlinked as soon as they are open, so that nothing is left behind
 * when the process ends, is interrupted or is killed.
 */
export class Spool {
  readonly #folder: string
  readonly #files: FileHandle[] = []
  readonly #releases: (() => Promise<void>)[] = []

  /** The limits of each image whose bytes come here; without limits unless given. */
  readonly limits: BudgetLimits

  /** Facts about bytes, shared with other images of the process; without them all is read anew. */
  readonly facts: Facts | undefined

  constructor(folder: string, limits: BudgetLimits = UNLIMITED, facts?: Facts) {
    this.#folder = folder
    this.limits = limits
    this.facts = facts
  }

  /**
   * Takes in what `chunks` makes of `stored`, as `reader` names it; shares it where it was made of the same bytes before.
   * Errors as of `take`.
   */
  async takeFrom(
    stored: ByteSource,
    reader: string,
    chunks: () => AsyncIterable<Uint8Array>,
    options: SpoolOptions,
  ): Promise<ByteSource> {
    const { facts } = this
    const key = keyOf(stored, reader)
    if (facts === undefined || stored.identity === undefined || key === undefined) return this.take(chunks(), options)
    const unpack = lazy(async () => {
      const lease = await facts.lease(key, chunks, options)
      if (lease !== undefined) this.#releases.push(lease.release)
      return lease?.source ?? this.take(chunks(), options)
    })
    if (!facts.isKept) {
      const content = await unpack()
      return identified(content.slice(0, content.size, options.where), { facts, root: key, offset: 0 })
    }
    const sizeKey = `size(${key})`
    const known = await facts.recall<number>(sizeKey)
    const size =
      known !== undefined && known <= options.maxBytes
        ? known
        : await unpack().then((content) => facts.keep(sizeKey, () => Promise.resolve(content.size)))
    return followedContent({ facts, root: key, size, where: options.where, open: unpack })
  }

  /** Takes in a whole stream; LIMIT_EXCEEDED as soon as it passes `maxBytes`. Chunks may be reused by the producer. */
  async take(chunks: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<ByteSource> {
    const inMemory: Uint8Array[] = []
    let file: FileHandle | undefined
    let size = 0
    for await (const chunk of chunks) {
      if (size + chunk.length > options.maxBytes)
        throw new FormatError(
          options.format,
          'LIMIT_EXCEEDED',
          `expected at most ${options.maxBytes} bytes, got more`,
          {
            at: { ...options.where, offset: size },
          },
        )
      if (file === undefined && size + chunk.length > MEMORY_LIMIT) {
        file = await this.#openFile()
        await writeAll(file, Buffer.concat(inMemory), 0)
        inMemory.length = 0
      }
      if (file === undefined) inMemory.push(Uint8Array.from(chunk))
      else await writeAll(file, chunk, size)
      size += chunk.length
    }
    return file === undefined
      ? bytesSource(Buffer.concat(inMemory), options.where)
      : fileSource(file, size, options.where)
  }

  /**
   * Takes in a stream that is nearly all zeros, such as a disk: pieces of zeros are holes of the file. LIMIT_EXCEEDED above
   * `maxBytes` in all, and above `maxContentBytes` in pieces that hold anything else.
   */
  async takeSparse(
    chunks: AsyncIterable<Uint8Array>,
    options: SpoolOptions & { readonly maxContentBytes: number },
  ): Promise<ByteSource> {
    const { where, format, maxBytes, maxContentBytes } = options
    const file = await this.#openFile()
    let [size, content] = [0, 0]
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_SIZE) {
        const piece = chunk.subarray(at, at + PIECE_SIZE)
        if (ZEROS.compare(piece, 0, piece.length, 0, piece.length) !== 0) {
          content += piece.length
          await writeAll(file, piece, size + at)
        }
      }
      size += chunk.length
      if (size > maxBytes || content > maxContentBytes)
        throw new FormatError(
          format,
          'LIMIT_EXCEEDED',
          `expected at most ${maxBytes} bytes, ${maxContentBytes} of them in pieces that are not zeros, got more`,
          { at: where },
        )
    }
    await file.truncate(size)
    return fileSource(file, size, where)
  }

  /** Closes every file; sources that came from here must not be read afterwards. */
  async close(): Promise<void> {
    await Promise.all(this.#files.splice(0).map((file) => file.close()))
    await Promise.all(this.#releases.splice(0).map((release) => release()))
  }

  async #openFile(): Promise<FileHandle> {
    await makeFolder(this.#folder, 0o700)
    const path = join(this.#folder, `spool-${randomBytes(12).toString('hex')}`)
    const file = await open(path, 'wx+', 0o600)
    this.#files.push(file)
    await unlink(path)
    return file
  }
}
