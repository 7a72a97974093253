import { describe, expect, it } from 'vitest'
import { FileTree, type FileEntry } from '#harness/fs/file-tree.ts'
import { filesOf } from './files.ts'

const facts = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, origin: { path: 'test' } }
const link = (path: string, target: string, type: 'symlink' | 'hardlink' = 'symlink'): FileEntry => ({
  ...facts,
  path,
  type,
  target,
})

describe('filesOf', () => {
  it.each([
    ['gone', 'symlink', '/etc/shadow'],
    ['hard', 'hardlink', '../../etc/shadow'],
    ['one', 'symlink', 'two'],
  ])('shows the link %s, which leads to nothing, as what it is', async (path, kind, target) => {
    const entries = [link('gone', '/etc/shadow'), link('hard', '../../etc/shadow', 'hardlink')]
    const tree = new FileTree([...entries, link('one', 'two'), link('two', 'one')], { path: 'test' })
    const { find } = await filesOf(tree, () => undefined)
    expect(find(path)).toMatchObject({ name: path, kind, facts: { target } })
    expect(find('none')).toBeUndefined()
  })
})
