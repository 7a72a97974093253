import { describe, expect, it } from 'vitest'
import { bytesSource } from '#harness/bytes/source.ts'
import { FormatError } from '#harness/errors.ts'
import { FileTree, type FileEntry } from '#harness/fs/file-tree.ts'
import { sampleElf } from '#harness/testing/elf-sample.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { findForeignElf } from './foreign-elf.ts'

const BPF = 247
const X86_64 = 62

function file(path: string, bytes: Uint8Array): FileEntry {
  const common = { mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: {} }
  return { ...common, path, type: 'file', size: bytes.length, data: bytesSource(bytes, { path }) }
}

const treeOf = (...entries: readonly FileEntry[]): FileTree => new FileTree(entries, { path: 'layer' })

describe('findForeignElf', () => {
  it('names what is for another machine, and nothing else', async () => {
    const tree = treeOf(
      file('bin/own', sampleElf()),
      file('bin/other', sampleElf({ machine: X86_64 })),
      file('bin/filter.o', sampleElf({ machine: BPF, type: 1 })),
      file('bin/script', Buffer.from('#!/bin/sh\n')),
      file('bin/short', Buffer.from('\x7fEL', 'latin1')),
      { ...file('bin', new Uint8Array(0)), type: 'directory' },
    )
    expect(await findForeignElf(tree, 'aarch64')).toEqual([{ path: 'bin/other', machine: 'x86-64' }])
  })

  it('does not look into folders that are left out, but into those beside them', async () => {
    const other = sampleElf({ machine: X86_64 })
    const tree = treeOf(file('usr/lib/grub/x86/kernel.img', other), file('usr/lib/grub-tools/x', other))
    expect(await findForeignElf(tree, 'aarch64', ['usr/lib/grub'])).toEqual([
      { path: 'usr/lib/grub-tools/x', machine: 'x86-64' },
    ])
  })

  it('answers TRUNCATED for an ELF file that is cut', async () => {
    const cut = treeOf(file('bin/cut', sampleElf().subarray(0, 20)))
    const error = await expectCode(() => findForeignElf(cut, 'aarch64'), FormatError, 'TRUNCATED')
    expect(error.at?.path).toBe('bin/cut')
  })
})
