// Small reads at rising offsets, as of headers, served from one window so that each does not cost a read of the file.
import type { ByteSource } from './source.ts'

/** One page: holds a header and its name, and is nothing beside the content that is skipped between two headers. */
const WINDOW_SIZE = 4096

export class ReadAhead {
  readonly #source: ByteSource
  #window: Uint8Array = new Uint8Array(0)
  #base = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** The bytes if they are here already: spares a loop over many small headers its `await`. */
  peek(offset: number, length: number): Uint8Array | undefined {
    const start = offset - this.#base
    if (start < 0 || start + length > this.#window.length) return undefined
    return this.#window.subarray(start, start + length)
  }

  /** Exactly `length` bytes at `offset`, or FormatError TRUNCATED as the source throws it. The caller bounds `length`. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const here = this.peek(offset, length)
    if (here !== undefined) return here
    const ahead = Math.max(length, Math.min(WINDOW_SIZE, this.#source.size - offset))
    this.#window = await this.#source.read(offset, ahead)
    this.#base = offset
    return this.#window.subarray(0, length)
  }
}
