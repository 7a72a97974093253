// Random access to bytes that have a size and a name: memory, a file, or a slice of either.
import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { isMarkedAsUntransferable } from 'node:worker_threads'
import { FormatError, type Location } from '../errors.ts'

/** Every stream moves in pieces of this size: two to three times faster than Node's default of 64 KiB. */
export const CHUNK_SIZE = 1 << 20

/** Reads up to this size wait for the system: copying so few bytes takes less than the way to a thread and back. */
const SMALL_READ = 1 << 16

/** Keeps what readers found in bytes. */
export interface FactKeeper {
  /** The fact under `key`, or what `read` gives; `bytesOf` estimates its memory. Failures are not kept. */
  keep<T>(key: string, read: () => Promise<T>, bytesOf?: (value: T) => number): Promise<T>
}

/** Equal roots, offsets and sizes are equal bytes. */
export type Identity = {
  readonly facts: FactKeeper
  /** A digest that was computed here, with how the bytes follow from those that have it. */
  readonly root: string
  readonly offset: number
}

/** An immutable run of bytes. Offsets count from its own start. */
export interface ByteSource {
  readonly size: number
  /** What the bytes are, where their digest was asked for to share facts about them. */
  readonly identity?: Identity | undefined
  /** The digest of all of these bytes, where it was computed before. */
  readonly digest?: string
  /** The location of these bytes; goes into every error about them. */
  readonly where: Location
  /** Exactly `length` bytes at `offset`, or a FormatError TRUNCATED. The caller bounds `length`. */
  read(offset: number, length: number): Promise<Uint8Array>
  /**
   * The bytes from `start` (0) to `end` (size), exclusive, in chunks of at most CHUNK_SIZE. Chunks may be in `memory`,
   * which has room for one of them: then each holds until the next is asked for.
   */
  stream(start?: number, end?: number, memory?: Uint8Array): AsyncGenerator<Uint8Array, void, void>
  /** A part of this source, without copying; FormatError TRUNCATED where it is not inside. */
  slice(offset: number, length: number, where?: Location): ByteSource
}

/** `memory` may be used for the bytes; there is room for them. */
export type ReadAt = (offset: number, length: number, memory?: Uint8Array) => Promise<Uint8Array>

/**
 * Memory for a stream whose reader keeps no chunk: new memory for each would be most of what is collected as garbage.
 */
export function chunkMemory({ size }: Pick<ByteSource, 'size'>): Uint8Array | undefined {
  return size > CHUNK_SIZE ? Buffer.allocUnsafeSlow(CHUNK_SIZE) : undefined
}

/**
 * Gives a buffer back that nobody will read again, with all around it. V8 looks through its whole heap for every 64 MiB of them,
 * which was a quarter of a cold verdict. The pool that Node's small buffers share stays: Node marks it.
 */
export function freeBuffer({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !isMarkedAsUntransferable(buffer)) buffer.transfer(0)
}

/** The same of a chunk of a stream, unless its buffer has room for more of the stream behind it. */
export function freeChunk(chunk: Uint8Array): void {
  if (chunk.byteOffset + chunk.length === chunk.buffer.byteLength) freeBuffer(chunk)
}

/** `where` of a member inside what `parent` names: `vmlinuz.efi!.initrd`. */
export function memberLocation(parent: Location, member: string): Location {
  const path = parent.path === undefined ? member : `${parent.path}!${member}`
  return parent.digest === undefined ? { path } : { digest: parent.digest, path }
}

function assertInside(size: number, where: Location, offset: number, length: number): void {
  if (
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= size
  )
    return
  throw new FormatError('bytes', 'TRUNCATED', `expected ${length} bytes at offset ${offset}, got a size of ${size}`, {
    at: { ...where, offset: Math.max(0, Math.min(offset, size)) },
  })
}

/**
 * A source over anything that can be read at an offset. `readAt` is called with ranges inside `base` … `base + size`
 * only, and gives exactly the bytes asked for.
 */
export function makeSource(readAt: ReadAt, base: number, size: number, where: Location): ByteSource {
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    assertInside(size, where, offset, length)
    return length === 0 ? new Uint8Array(0) : readAt(base + offset, length)
  }
  async function* stream(start = 0, end = size, memory?: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
    assertInside(size, where, start, end - start)
    for (let at = start; at < end; at += CHUNK_SIZE)
      yield await readAt(base + at, Math.min(CHUNK_SIZE, end - at), memory)
  }
  return {
    size,
    where,
    read,
    stream,
    slice(offset, length, partWhere = where) {
      assertInside(size, where, offset, length)
      return makeSource(readAt, base + offset, length, partWhere)
    },
  }
}

/** A source over bytes in memory; reads are views, not copies. */
export function bytesSource(bytes: Uint8Array, where: Location = {}): ByteSource {
  return makeSource(
    (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    0,
    bytes.length,
    where,
  )
}

/** A source over an open file; the caller closes `file`. A file cut short while it is read is TRUNCATED. */
export function fileSource(file: FileHandle, size: number, where: Location): ByteSource {
  const readAt: ReadAt = async (offset, length, memory) => {
    const bytes = memory?.subarray(0, length) ?? Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const bytesRead = await readSome(file, bytes, filled, offset + filled)
      if (bytesRead === 0)
        throw new FormatError('bytes', 'TRUNCATED', `expected ${size} bytes, got ${offset + filled}`, {
          at: { ...where, offset: offset + filled },
        })
      filled += bytesRead
    }
    return bytes
  }
  return makeSource(readAt, 0, size, where)
}

async function readSome(file: FileHandle, bytes: Uint8Array, at: number, position: number): Promise<number> {
  const length = bytes.length - at
  if (length <= SMALL_READ && file.fd >= 0) return readSync(file.fd, bytes, at, length, position)
  return (await file.read(bytes, at, length, position)).bytesRead
}

/** The whole of a small source; LIMIT_EXCEEDED above `maxBytes`. */
export async function readAll(source: ByteSource, maxBytes: number): Promise<Uint8Array> {
  if (source.size > maxBytes)
    throw new FormatError('bytes', 'LIMIT_EXCEEDED', `expected at most ${maxBytes} bytes, got ${source.size}`, {
      at: source.where,
    })
  return source.read(0, source.size)
}
