import { describe, expect, it } from 'vitest'
import { bytesSource } from '#harness/bytes/source.ts'
import { FormatError, type FormatCode } from '#harness/errors.ts'
import { FileTree, type FileEntry } from '#harness/fs/file-tree.ts'
import type { Squashfs } from '#harness/formats/squashfs/reader.ts'
import type { ExtensionImage } from '#harness/talos/extensions.ts'
import { buildOrder, findShared, isHollow, whyNotMounted, type Layer } from './layers.ts'

function treeOf(...paths: readonly string[]): FileTree {
  const entries = paths.map((path): FileEntry => {
    const type = path.endsWith('/') ? 'directory' : 'file'
    return { path: path.replace(/\/$/, ''), type, mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, origin: {} }
  })
  return new FileTree(entries, {})
}

const layer = (name: string, ...paths: readonly string[]): Layer => ({
  name,
  version: '1',
  squashfs: {} as Squashfs,
  tree: treeOf(...paths),
})

describe('buildOrder', () => {
  it('counts as strings do, and ends with the module index', () => {
    const images = ['2.sqsh', 'modules.dep.sqsh', '11.sqsh', '0.sqsh', '10.sqsh', '1.sqsh', '3.sqsh']
    expect(buildOrder(images)).toEqual([
      '0.sqsh',
      '1.sqsh',
      '10.sqsh',
      '11.sqsh',
      '2.sqsh',
      '3.sqsh',
      'modules.dep.sqsh',
    ])
  })

  it('puts names that are no numbers behind, in an order of their own', () => {
    expect(buildOrder(['zfs.sqsh', '0x.sqsh', '7.sqsh', 'a/1.sqsh'])).toEqual([
      '7.sqsh',
      '0x.sqsh',
      'a/1.sqsh',
      'zfs.sqsh',
    ])
  })

  it('leaves what it was given as it was', () => {
    const images = ['1.sqsh', '0.sqsh']
    expect([buildOrder(images), images]).toEqual([
      ['0.sqsh', '1.sqsh'],
      ['1.sqsh', '0.sqsh'],
    ])
    expect(buildOrder([])).toEqual([])
  })
})

describe('findShared', () => {
  it('lets directories and lists of modules be shared', () => {
    const lists = ['usr/', 'usr/lib/modules/6.12.57-talos/modules.order']
    expect(findShared([layer('a', ...lists, 'usr/a'), layer('b', ...lists, 'usr/b')])).toEqual([])
  })

  it('names the layers that bring one file, and a file where another has a directory', () => {
    const layers = [layer('a', 'usr/x', 'usr/y/'), layer('b', 'usr/x', 'usr/y'), layer('c', 'usr/x')]
    expect(findShared(layers)).toEqual(['usr/x: a, b, c', 'usr/y: a, b'])
  })

  it('does not take a folder below for a list of modules', () => {
    const path = 'usr/lib/modules/6.12.57-talos/extras/modules.ko'
    expect(findShared([layer('a', path), layer('b', path)])).toEqual([`${path}: a, b`])
  })
})

describe('isHollow', () => {
  it.for([
    [['usr/', 'usr/lib/'], true, false],
    [['usr/', 'usr/lib/'], false, true],
    [['usr/', 'usr/local/'], true, true],
    [[], true, true],
    [['usr/', 'usr/file'], false, false],
  ] as const)('%j, with firmware: %j', ([paths, hasFirmware, expected]) => {
    expect(isHollow(treeOf(...paths), hasFirmware)).toBe(expected)
  })
})

describe('whyNotMounted', () => {
  const config = new Map([['CONFIG_SQUASHFS_XZ', 'y']])
  const image = (squashfs: () => Promise<Pick<Squashfs, 'compression'>>) =>
    ({ path: '0.sqsh', data: bytesSource(new Uint8Array(0)), squashfs }) as ExtensionImage
  const of = (compression: Squashfs['compression']) => image(async () => ({ compression }))
  const broken = (code: FormatCode) => image(() => Promise.reject(new FormatError('squashfs', code, 'version 3.1')))

  it('goes by the configuration of the kernel', async () => {
    expect(await whyNotMounted(of('xz'), config)).toBeUndefined()
    expect(await whyNotMounted(of('zstd'), config)).toBe('0.sqsh: zstd')
  })

  it('takes zstd alone of a kernel that does not say', async () => {
    expect(await whyNotMounted(of('zstd'), undefined)).toBeUndefined()
    expect(await whyNotMounted(of('xz'), undefined)).toBe('0.sqsh: xz')
  })

  it('says why of a version that no kernel mounts, and passes on what is broken', async () => {
    expect(await whyNotMounted(broken('UNSUPPORTED'), config)).toMatch(/^0\.sqsh: .*version 3\.1/)
    await expect(whyNotMounted(broken('TRUNCATED'), config)).rejects.toThrow(FormatError)
  })
})
