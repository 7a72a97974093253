import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pack } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { UsageError } from '../usage-error.ts'
import { ROOT } from '../../root.ts'
import { withKind } from './plain-path.ts'

const folder = await mkdtemp(join(tmpdir(), 'plain-path-'))
afterAll(() => rm(folder, { recursive: true }))

async function tar(name: string, members: readonly string[]): Promise<string> {
  const archive = pack()
  for (const member of members) archive.entry({ name: member }, 'x'.repeat(700))
  archive.finalize()
  const path = join(folder, name)
  await writeFile(path, await buffer(archive))
  return path
}

describe('withKind', () => {
  it('takes what imager and docker write for a docker archive', async () => {
    const golden = join(ROOT, 'fixtures/golden/v1.11.5-spin-only/installer-arm64.tar')
    expect(withKind(golden)).toBe(`docker-archive:${golden}`)
    const path = await tar('docker.tar', ['a.json', 'b/layer.tar', 'manifest.json'])
    expect(withKind(path)).toBe(`docker-archive:${path}`)
  })

  it('takes an image layout, in a folder or a tar, for one, and one that is both for a layout', async () => {
    const path = await tar('layout.tar', ['blobs/', './oci-layout', 'index.json'])
    expect(withKind(path)).toBe(`oci-archive:${path}`)
    const both = await tar('both.tar', ['manifest.json', 'blobs/sha256/a', 'oci-layout'])
    expect(withKind(both)).toBe(`oci-archive:${both}`)
    const layout = join(folder, 'layout')
    await mkdir(layout)
    await writeFile(join(layout, 'oci-layout'), '{}')
    expect(withKind(layout)).toBe(`oci:${layout}`)
  })

  it('takes an asset tree for one', async () => {
    const tree = join(folder, 'arm64')
    await mkdir(join(tree, 'boot'), { recursive: true })
    await writeFile(join(tree, 'boot/vmlinuz'), '')
    expect(withKind(tree)).toBe(`dir:${tree}`)
  })

  it.each([
    ['metal-arm64.raw', 'raw'],
    ['metal-arm64.raw.xz', 'raw'],
    ['metal-arm64.iso.zst', 'iso'],
    ['metal-arm64-uki.efi', 'uki'],
  ])('takes %s for what its name says', async (name, kind) => {
    const path = join(folder, name)
    await writeFile(path, '')
    expect(withKind(path)).toBe(`${kind}:${path}`)
  })

  it.each(['no-installer.tar', 'out/none.efi', 'none.tar.gz'])('says that the file %s is not there', (name) => {
    expect(() => withKind(name)).toThrow(`${name}: no such file or folder`)
  })

  it.each([
    'ghcr.io/you/image:v1',
    'ghcr.io/you/a.tar',
    'oci:scripts',
    'localhost:5000/x',
    'oci-archive:a.tar',
    'nothing/here',
  ])('leaves %s as it is', (text) => {
    expect(withKind(text)).toBe(text)
  })

  it('takes docker:// away', () => {
    expect(withKind('docker://ghcr.io/you/image:v1')).toBe('ghcr.io/you/image:v1')
  })

  it('refuses a path where nothing is, and a file that is none of these', async () => {
    expect(() => withKind('./nowhere.tar')).toThrow('./nowhere.tar: no such file or folder')
    const other = join(folder, 'other.tar')
    await writeFile(other, 'text')
    expect(() => withKind(other)).toThrow(UsageError)
    expect(() => withKind(folder)).toThrow(/expected an image layout/)
    const empty = await tar('empty.tar', [])
    expect(() => withKind(empty)).toThrow(/got none of them/)
  })
})
