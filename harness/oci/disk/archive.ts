// A tar on disk as a file tree with random access: indexed once, never unpacked.
import { COMPRESSION_MAGIC_SIZE, detectCompression } from '../../bytes/compression.ts'
import { fileSource, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { FileTree } from '../../fs/file-tree.ts'
import { readTarIndex } from '../../fs/tar-index.ts'
import { openFile } from '../image/files.ts'

export type Archive = { readonly tree: FileTree; close(): Promise<void> }

/** Errors of `openFile` and `readArchive`. */
export async function openArchive(path: string, format: string): Promise<Archive> {
  const { file, size } = await openFile(path, format)
  try {
    const tree = await readArchive(fileSource(file, size, { path }), format)
    return { tree, close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * The files of a tar. FormatError BAD_MAGIC for what is no tar, UNSUPPORTED for one that is compressed as a whole,
 * MALFORMED where a file is there twice, and those of `readTarIndex`.
 */
export async function readArchive(source: ByteSource, format: string): Promise<FileTree> {
  if (source.size === 0)
    throw new FormatError(format, 'BAD_MAGIC', 'expected a tar, got an empty file', { at: source.where })
  const compression = detectCompression(await source.read(0, Math.min(COMPRESSION_MAGIC_SIZE, source.size)))
  if (compression !== 'none')
    throw new FormatError(format, 'UNSUPPORTED', `expected a plain tar, got ${compression}: decompress it first`, {
      at: source.where,
    })
  try {
    const { entries } = await readTarIndex(source)
    // Docker unpacks, and the last one is there; skopeo and crane take the first.
    const again = entries.find(({ type, problems }) => type !== 'directory' && problems.includes('duplicate'))
    if (again !== undefined)
      throw new FormatError(
        format,
        'MALFORMED',
        `expected each file once, got ${again.path} again: readers take different ones`,
        { at: again.origin },
      )
    return new FileTree(entries, source.where)
  } catch (cause) {
    if (!(cause instanceof FormatError) || cause.code !== 'BAD_MAGIC') throw cause
    throw new FormatError(format, 'BAD_MAGIC', 'expected a tar, got something else', { at: source.where, cause })
  }
}
