// Finds the end of NUL padding, which archives and initramfs segments are followed by.
import { chunkMemory, type ByteSource } from './source.ts'

/** Index of the first byte that is not NUL; −1 when there is none. */
export function findNonNul(bytes: Uint8Array): number {
  // A loop: findIndex with a callback takes ten times as long over gigabytes of padding.
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) return index
  return -1
}

/** Offset of the first byte from `start` that is not NUL; `end`, by default that of the source, when there is none. */
export async function skipPadding(source: ByteSource, start: number, end: number = source.size): Promise<number> {
  let at = start
  for await (const chunk of source.stream(start, end, chunkMemory({ size: end - start }))) {
    const found = findNonNul(chunk)
    if (found >= 0) return at + found
    at += chunk.length
  }
  return end
}
