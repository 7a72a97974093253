// Files that are written piece by piece.
import type { FileHandle } from 'node:fs/promises'

/** Writes all of `bytes` at `position`, in as many steps as the system takes. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}
