// The destination of an image: a file, or memory for the small images of tests and counterexamples.
import type { FileHandle } from 'node:fs/promises'

/** Takes bytes at any offset, in any order; `truncate` gives the final size. */
export interface Sink {
  write(bytes: Uint8Array, offset: number): Promise<void>
  truncate(size: number): Promise<void>
}

/** Writes into an open file; the caller closes it. */
export function fileSink(file: FileHandle): Sink {
  return {
    async write(bytes, offset) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done)
        done += bytesWritten
      }
    },
    truncate: (size) => file.truncate(size),
  }
}

/** Keeps everything in memory, in a buffer that doubles. */
export function memorySink(): Sink & { readonly bytes: () => Uint8Array } {
  let buffer = Buffer.alloc(1 << 16)
  let size = 0
  const grow = (needed: number): void => {
    if (needed > buffer.length) buffer = Buffer.concat([buffer], Math.max(needed, buffer.length * 2))
    size = Math.max(size, needed)
  }
  return {
    write(bytes, offset) {
      grow(offset + bytes.length)
      buffer.set(bytes, offset)
      return Promise.resolve()
    },
    truncate(to) {
      grow(to)
      // Zeros, as in a file, should it grow again.
      buffer.fill(0, to, size)
      size = to
      return Promise.resolve()
    },
    bytes: () => buffer.subarray(0, size),
  }
}
