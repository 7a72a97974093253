// Files of a tar that is still being written into the cache, for a reader who begins before its end.
import { open, type FileHandle } from 'node:fs/promises'
import { fileSource, makeSource, type ByteSource, type Identity, type ReadAt } from '../../bytes/source.ts'
import { NotFoundError, type Location } from '../../errors.ts'
import type { TarEntry } from '../../fs/tar-entry.ts'

/** Hears of a tar while it is written. */
export type TarListener = {
  /** An entry whose header has passed; its content is on the way. */
  readonly entry: (entry: Pick<TarEntry, 'path' | 'type' | 'size' | 'origin'>) => void
  /** The bytes of the tar that are in its file by now. */
  readonly written: (bytes: number) => void
  /** Nothing more comes. `entries` are those of the whole tar, where it is one. */
  readonly end: (entries?: readonly TarEntry[]) => void
}

/** The file of a tar, of which `advance` says how much is there. */
export class Arrival {
  readonly #file: FileHandle
  #written = 0
  #failed = false
  #waiting: (() => void)[] = []

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<Arrival> {
    return new Arrival(await open(path, 'r'))
  }

  advance(written: number): void {
    this.#written = written
    this.#wake()
  }

  /** Nothing more comes: reads of what is not there reject. */
  fail(): void {
    this.#failed = true
    this.#wake()
  }

  /**
   * `size` bytes at `offset`: reads wait for what is not there yet. NotFoundError BLOB_UNKNOWN for what never comes.
   * `identity` is asked each time: it may be known only when all is there.
   */
  source(offset: number, size: number, where: Location, identity: () => Identity | undefined): ByteSource {
    const file = fileSource(this.#file, offset + size, where).slice(offset, size)
    const readAt: ReadAt = async (at, length, memory) => {
      await this.#arrived(offset + at + length, where)
      const chunk = memory && (await file.stream(at, at + length, memory).next()).value
      return chunk ?? file.read(at, length)
    }
    return lateIdentified(makeSource(readAt, 0, size, where), 0, identity)
  }

  close(): Promise<void> {
    this.fail()
    return this.#file.close()
  }

  async #arrived(end: number, at: Location): Promise<void> {
    while (this.#written < end) {
      if (this.#failed) throw new NotFoundError('BLOB_UNKNOWN', 'expected the rest of a tar, got none', { at })
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** `source` with the identity that is known when somebody asks for it. */
function lateIdentified(source: ByteSource, base: number, identity: () => Identity | undefined): ByteSource {
  return {
    size: source.size,
    where: source.where,
    get identity() {
      const known = identity()
      return known && { ...known, offset: known.offset + base }
    },
    read: (offset, length) => source.read(offset, length),
    stream: (start, end, memory) => source.stream(start, end, memory),
    slice: (offset, length, where) => lateIdentified(source.slice(offset, length, where), base + offset, identity),
  }
}
