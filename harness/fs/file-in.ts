// The content of a file that must be there.
import type { ByteSource } from '../bytes/source.ts'
import { NotFoundError } from '../errors.ts'
import type { FileTree } from './file-tree.ts'

/** The content of a regular file; NotFoundError when the tree has none at `path`. */
export async function fileIn(tree: FileTree, path: string): Promise<ByteSource> {
  const data = tree.resolve(path)?.data
  if (data !== undefined) return data
  throw new NotFoundError('BLOB_UNKNOWN', `expected a file ${path}, got none`, { at: { ...tree.where, path } })
}
