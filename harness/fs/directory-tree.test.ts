import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readAll } from '../bytes/source.ts'
import { FormatError, NotFoundError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { openDirectoryTree } from './directory-tree.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'directory-tree-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('openDirectoryTree', () => {
  it('gives files with their content, folders and links as they are, in order', async () => {
    await mkdir(join(folder, 'boot'))
    await writeFile(join(folder, 'boot', 'vmlinuz'), 'kernel', { mode: 0o640 })
    await symlink('/etc', join(folder, 'out'))
    await writeFile(join(folder, 'Z'), '')
    const { tree, close } = await openDirectoryTree(folder)
    expect([...tree.entries()].map(({ path, type, size }) => [path, type, size])).toEqual([
      ['Z', 'file', 0],
      ['boot', 'directory', 0],
      ['boot/vmlinuz', 'file', 6],
      ['out', 'symlink', 0],
    ])
    expect(tree.get('out')).toMatchObject({ target: '/etc' })
    expect(tree.get('boot/vmlinuz')).toMatchObject({ mode: 0o640, origin: { path: `${folder}!boot/vmlinuz` } })
    const data = tree.get('boot/vmlinuz')?.data
    expect(data && Buffer.from(await readAll(data, 10)).toString()).toBe('kernel')
    await close()
  })

  it('finds nothing behind a link out of the folder', async () => {
    await symlink('/', join(folder, 'root'))
    const { tree, close } = await openDirectoryTree(folder)
    expect(tree.resolve('root/etc/passwd')).toBeUndefined()
    await close()
  })

  it('does not follow a file that became a link before it was read', async () => {
    await writeFile(join(folder, 'a'), 'safe')
    const { tree, close } = await openDirectoryTree(folder)
    await rm(join(folder, 'a'))
    await symlink('/etc/passwd', join(folder, 'a'))
    const data = tree.get('a')?.data
    const error = await expectCode(() => data?.read(0, 4), FormatError, 'MALFORMED')
    expect(error.message).toContain('ELOOP')
    await close()
  })

  it('names special files and does not wait on them', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const { tree, close } = await openDirectoryTree(folder)
    expect(tree.get('pipe')).toMatchObject({ type: 'fifo', size: 0 })
    expect(tree.get('pipe')).not.toHaveProperty('data')
    await close()
  })

  it('finds names that are no UTF-8', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), 'x')
    const { tree, close } = await openDirectoryTree(folder)
    const data = tree.get('caf\\xe9')?.data
    expect(data && (await readAll(data, 10))).toEqual(Buffer.from('x'))
    await close()
  })

  it('says that a file is shorter than it was', async () => {
    await writeFile(join(folder, 'a'), 'long enough')
    const { tree, close } = await openDirectoryTree(folder)
    await writeFile(join(folder, 'a'), 'short')
    const data = tree.get('a')?.data
    const error = await expectCode(() => data && readAll(data, 100), FormatError, 'TRUNCATED')
    expect(error.at).toMatchObject({ path: `${folder}!a` })
    await close()
  })

  it('refuses what is not there, is no folder or is empty', async () => {
    await writeFile(join(folder, 'file'), '')
    await mkdir(join(folder, 'empty'))
    const errors = [
      await expectCode(() => openDirectoryTree(join(folder, 'none')), NotFoundError, 'BLOB_UNKNOWN'),
      await expectCode(() => openDirectoryTree(join(folder, 'file')), FormatError, 'MALFORMED'),
      await expectCode(() => openDirectoryTree(join(folder, 'empty')), FormatError, 'MALFORMED'),
    ]
    expect(errors.map((error) => error.message)).toEqual([
      'expected a folder or a file in it, got nothing',
      'folder: expected a folder, got something else',
      'folder: expected files, got an empty folder',
    ])
  })

  it('stops at 64 nested folders', async () => {
    await mkdir(join(folder, ...Array.from({ length: 66 }, () => 'd')), { recursive: true })
    const error = await expectCode(() => openDirectoryTree(folder), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toContain('64')
  })

  it.for<[string, Readonly<Record<string, number>>]>([
    ['in one folder', { '': 10_001 }],
    ['in all folders together', { a: 5000, b: 5000 }],
  ])('stops at ten thousand files %s', async ([, counts]) => {
    for (const [name, count] of Object.entries(counts)) {
      mkdirSync(join(folder, name), { recursive: true })
      for (let at = 0; at < count; at++) writeFileSync(join(folder, name, String(at)), '')
    }
    const error = await expectCode(() => openDirectoryTree(folder), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toContain('10000')
  })
})
