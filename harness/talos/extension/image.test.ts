import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { Spool } from '../../bytes/spool.ts'
import { FormatError } from '../../errors.ts'
import { FileTree } from '../../fs/file-tree.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { imageOf, manifestDescriptor, memoryStore, tarOf, type SampleEntry } from '../../testing/oci-samples.ts'
import { foreignPaths, readExtensionPackage } from './image.ts'

const spool = new Spool(tmpdir())
afterAll(() => spool.close())

const MANIFEST: SampleEntry = {
  name: 'manifest.yaml',
  content: 'version: v1alpha1\nmetadata:\n  name: spin\n  version: v0.21.0\n',
}
const ROOT: readonly SampleEntry[] = [
  { name: 'rootfs/', type: '5', mode: 0o755 },
  { name: 'rootfs/usr/', type: '5', mode: 0o755 },
  { name: 'rootfs/usr/local/', type: '5', mode: 0o755 },
  { name: 'rootfs/usr/local/file', content: 'x' },
]

function bad(patch: (block: Buffer) => void = () => {}): SampleEntry {
  return { name: 'rootfs/usr/local/bad', patch }
}

function read(entries: readonly SampleEntry[], config: object = {}) {
  const image = imageOf([tarOf(entries)], config)
  return readExtensionPackage(memoryStore(manifestDescriptor(image), image.blobs), spool)
}

describe('readExtensionPackage', () => {
  it('gives manifest and root', async () => {
    const { manifest, rootfs } = await read([MANIFEST, ...ROOT])
    expect(manifest.metadata).toMatchObject({ name: 'spin', version: 'v0.21.0' })
    expect([...rootfs.entries()].map(({ path }) => path)).toEqual(['usr', 'usr/local', 'usr/local/file'])
  })

  it('takes an empty root: amdgpu has nothing for arm64', async () => {
    expect([...(await read([MANIFEST, ROOT[0] as SampleEntry])).rootfs.entries()]).toEqual([])
  })

  it('takes a folder that is there twice, as buildkit writes it', async () => {
    const { rootfs } = await read([MANIFEST, ...ROOT, ROOT[1] as SampleEntry])
    expect(rootfs.has('usr/local/file')).toBe(true)
  })

  it.for([
    ['something beside the two', [MANIFEST, ...ROOT, { name: 'bin/x', content: 'x' }], {}, 'unexpected file "bin"'],
    ['no manifest', ROOT, {}, 'extension manifest is missing'],
    ['no root', [MANIFEST], {}, 'extension rootfs is missing'],
    ['a root that is a file', [MANIFEST, { name: 'rootfs', content: 'x' }], {}, 'extension rootfs is missing'],
    [
      'a file that is there twice',
      [MANIFEST, ...ROOT, ROOT[3] as SampleEntry],
      {},
      'rootfs/usr/local/file: expected each file once',
    ],
    ['a name out of the root', [MANIFEST, ...ROOT, { name: 'rootfs/../x' }], {}, 'leads out of it'],
    ['an owner that is none', [MANIFEST, ...ROOT, bad((block) => block.write('x', 108))], {}, 'that are numbers'],
    ['bytes behind a name', [MANIFEST, ...ROOT, bad((block) => block.write('x', 90))], {}, 'expected NUL'],
    ['a PAX owner that is none', [MANIFEST, ...ROOT, { ...bad(), pax: { uid: 'x' } }], {}, 'records that Go takes'],
    ['another machine', [MANIFEST, ...ROOT], { architecture: 'amd64' }, 'expected linux/arm64, got linux/amd64'],
  ] as const)('refuses %s, as imager does', async ([, entries, config, reason]) => {
    const error = await expectCode(() => read(entries, config), FormatError, 'MALFORMED')
    expect(error.message).toContain(reason)
  })
})

describe('foreignPaths', () => {
  const file = (path: string) => ({
    path,
    type: 'file' as const,
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 0,
    origin: {},
  })

  it('names files outside the prefixes; folders may be anywhere', () => {
    const tree = new FileTree([file('usr/local/x'), file('usr/localized'), { ...file('opt'), type: 'directory' }], {})
    expect(foreignPaths(tree, ['usr/local'])).toEqual(['usr/localized'])
  })
})
