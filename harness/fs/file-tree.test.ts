import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { decodeName, FileTree, normalizePath, type FileEntry } from './file-tree.ts'

/** `a/` a folder, `a->b` a symbolic link, `a=b` a hard link, else a file. */
function entry(spec: string, mode = 0): FileEntry {
  const [, path = '', arrow, target = ''] = /^(.*?)(?:(->|=)(.*))?$/.exec(spec) ?? []
  const facts = { mode, uid: 0, gid: 0, size: 0, mtime: 0, origin: { path: 'test' } }
  if (arrow === '->') return { ...facts, path, type: 'symlink', target }
  if (arrow === '=') return { ...facts, path, type: 'hardlink', target }
  return path.endsWith('/')
    ? { ...facts, path: path.slice(0, -1), type: 'directory' }
    : { ...facts, path, type: 'file' }
}

const treeOf = (...specs: readonly string[]) =>
  new FileTree(
    specs.map((spec) => entry(spec)),
    { path: 'test' },
  )
const paths = (entries: Iterable<FileEntry>): string[] => [...entries].map(({ path }) => path)

describe('FileTree', () => {
  it('gives entries in order, by path, by folder and by depth', () => {
    const tree = treeOf('/', 'b/', 'b/c', 'b/d/e', 'a', 'bc')
    expect(paths(tree.entries())).toEqual(['', 'b', 'b/c', 'b/d/e', 'a', 'bc'])
    expect([tree.has('b'), tree.has('b/d'), tree.get('b/c')?.path]).toEqual([true, false, 'b/c'])
    expect(paths(tree.under('b'))).toEqual(['b/c', 'b/d/e'])
    expect(paths(tree.under(''))).toEqual(['b', 'b/c', 'b/d/e', 'a', 'bc'])
    expect(paths(tree.children('b'))).toEqual(['b/c'])
    expect(paths(tree.children(''))).toEqual(['b', 'a', 'bc'])
    expect(tree.children('a')).toEqual([])
  })

  it('keeps the last of two entries of one path', () => {
    expect(new FileTree([entry('a', 1), entry('a', 2)], {}).get('a')?.mode).toBe(2)
  })

  it.for([
    ['bin/sh', 'usr/bin/sh'],
    ['/bin/sh', 'usr/bin/sh'],
    ['./bin//sh/.', 'usr/bin/sh'],
    ['abs/sh', 'usr/bin/sh'],
    ['usr/bin/ash', 'usr/bin/sh'],
    ['usr/bin/out', 'etc/x'],
    ['hard', 'usr/bin/sh'],
    ['usr/bin/../bin/sh', 'usr/bin/sh'],
    ['../../etc/x', 'etc/x'],
    ['', ''],
  ] as const)('resolves %s to %s', ([path, expected]) => {
    const tree = treeOf(
      '/',
      'bin->usr/bin',
      'abs->/usr/bin',
      'usr/bin/sh',
      'usr/bin/ash->sh',
      'usr/bin/out->../../../../etc/x',
      'etc/x',
      'hard=usr/bin/ash',
    )
    expect(tree.resolve(path)?.path).toBe(expected)
  })

  it('resolves nothing where a name or the target of a link is not there', () => {
    const tree = treeOf('a', 'dangling->b', 'x=y')
    expect(['b', 'dangling', 'x', 'a/b'].map((path) => tree.resolve(path))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it.for([['a->a'], ['a->b', 'b->a'], ['a=a'], ['a->a/a']])('refuses a loop %j', async (specs) => {
    const error = await expectCode(() => treeOf(...specs).resolve('a'), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ path: 'test' })
  })

  it('follows 40 links and no more', async () => {
    const chain = Array.from({ length: 41 }, (_, index) => `l${index}->l${index + 1}`)
    const tree = treeOf(...chain, 'l41')
    expect(tree.resolve('l1')?.path).toBe('l41')
    const error = await expectCode(() => tree.resolve('l0'), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toBe('file tree: expected at most 40 links on the way to l0')
  })
})

describe('names', () => {
  it('are UTF-8 where they are, and keep their bytes where they are not', () => {
    expect(decodeName(Buffer.from('käse'))).toBe('käse')
    expect(decodeName(Buffer.from([0x61, 0xff, 0x0a]))).toBe('a\\xff\n')
    expect(decodeName(Buffer.from('\uFEFFx'))).toBe('\uFEFFx')
  })

  it.for([
    ['./a//b/', 'a/b'],
    ['/a', 'a'],
    ['.', ''],
    ['a/../b', 'a/../b'],
  ] as const)('%s is normally %s', ([path, expected]) => {
    expect(normalizePath(path)).toBe(expected)
  })
})
