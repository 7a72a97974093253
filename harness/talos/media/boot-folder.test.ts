import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FileTree, type FileEntry } from '../../fs/file-tree.ts'
import { findBootFiles } from './boot-folder.ts'

function tree(...names: readonly string[]): FileTree {
  const origin = { path: 'pxe' }
  const entry = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, origin } as const
  const data = bytesSource(new Uint8Array(0), origin)
  return new FileTree(
    names.map((path): FileEntry => ({ ...entry, path, data })),
    origin,
  )
}

describe('findBootFiles', () => {
  it.each([
    [['kernel-arm64', 'initramfs-metal-arm64.xz', 'cmdline-metal-arm64', 'installer-arm64.tar'], 2],
    [['vmlinuz-arm64', 'initramfs-arm64.xz', 'vmlinuz-amd64', 'initramfs-amd64.xz'], 1],
    [['kernel-arm64', 'initramfs-arm64.xz', 'cmdline-metal-arm64'], 2],
    [['vmlinuz', 'initramfs.xz', 'cmdline'], 2],
  ] as const)('finds %j', ([kernel, initramfs, commandLine, ...more], found) => {
    const names = [kernel, initramfs, ...(commandLine === undefined ? [] : [commandLine]), ...more]
    expect(findBootFiles(tree(...names))).toEqual({ kernel, initramfs, ...(found === 2 && { commandLine }) })
  })

  it('finds nothing in an asset tree, whose files are in a folder', () => {
    expect(findBootFiles(tree('boot/vmlinuz', 'boot/initramfs.xz', 'checksums.sha256'))).toBeUndefined()
  })

  it.each([
    [['kernel-arm64'], 'dir: expected an initramfs beside kernel-arm64, got none'],
    [['initramfs.xz'], 'dir: expected a kernel beside initramfs.xz, got none'],
    [['kernel', 'vmlinuz', 'initramfs.xz'], 'dir: expected one kernel, got kernel and vmlinuz'],
  ])('refuses %j', (names, message) => {
    expect(() => findBootFiles(tree(...names))).toThrow(message)
  })
})
