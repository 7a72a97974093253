import { describe, expect, it } from 'vitest'
import { bytesSource } from '../bytes/source.ts'
import { NotFoundError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { fileIn } from './file-in.ts'
import { FileTree, type FileEntry } from './file-tree.ts'
import { subtree } from './subtree.ts'

function entry(path: string, more: Partial<FileEntry> = {}): FileEntry {
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, origin: {}, ...more }
}

const tree = new FileTree(
  [
    entry('manifest.yaml'),
    entry('rootfs', { type: 'directory' }),
    entry('rootfs/a', { data: bytesSource(Buffer.from('a')), size: 1 }),
    entry('rootfs/soft', { type: 'symlink', target: '/a' }),
    entry('rootfs/hard', { type: 'hardlink', target: 'rootfs/a' }),
    entry('rootfs/nowhere', { type: 'symlink', target: '/manifest.yaml' }),
    entry('rootfs2/b'),
  ],
  { path: 'image' },
)

describe('subtree', () => {
  const inner = subtree(tree, 'rootfs')

  it('holds what is below the folder, by its path there', () => {
    expect([...inner.entries()].map(({ path }) => path)).toEqual(['a', 'soft', 'hard', 'nowhere'])
  })

  it('has links that lead to its own root', () => {
    expect([inner.resolve('soft')?.path, inner.resolve('hard')?.path, inner.resolve('nowhere')]).toEqual([
      'a',
      'a',
      undefined,
    ])
  })
})

describe('fileIn', () => {
  it('gives the content behind links', async () => {
    await expect((await fileIn(subtree(tree, 'rootfs'), 'soft')).read(0, 1)).resolves.toEqual(Buffer.from('a'))
  })

  it('names what is not there, and what is no file', async () => {
    const error = await expectCode(() => fileIn(tree, 'rootfs'), NotFoundError, 'BLOB_UNKNOWN')
    expect(error.at).toEqual({ path: 'rootfs' })
  })
})
