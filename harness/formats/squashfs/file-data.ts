// The content of a regular file as a source of bytes; a hundred thousand of them cost next to nothing until read.
import { makeSource, type ByteSource, type Identity } from '../../bytes/source.ts'
import type { Location } from '../../errors.ts'
import type { FileContent } from './file-content.ts'

export class FileData implements ByteSource {
  readonly size: number
  readonly where: Location
  readonly identity: Identity | undefined
  readonly #content: FileContent
  readonly #base: number

  constructor(content: FileContent, base: number, size: number, where: Location, identity?: Identity) {
    this.#content = content
    this.#base = base
    this.size = size
    this.where = where
    this.identity = identity
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#bounded().read(offset, length)
  }

  async *stream(start = 0, end = this.size, memory?: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
    this.#bounded().slice(start, end - start) // throws where the range is not inside
    yield* this.#content.stream(this.#base + start, this.#base + end, memory !== undefined)
  }

  slice(offset: number, length: number, where = this.where): ByteSource {
    this.#bounded().slice(offset, length)
    const identity = this.identity && { ...this.identity, offset: this.identity.offset + offset }
    return new FileData(this.#content, this.#base + offset, length, where, identity)
  }

  #bounded(): ByteSource {
    return makeSource((offset, length) => this.#content.readAt(offset, length), this.#base, this.size, this.where)
  }
}
