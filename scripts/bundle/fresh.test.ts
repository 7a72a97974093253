// When the commands start from the bundle, and when from their modules.
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BUNDLE_FOLDER, freshBundle, MANIFEST, sha256Of, timesOf } from './fresh.ts'

const FILES = {
  'harness/a.ts': 'a',
  'specs/oci/b.spec.ts': 'b',
  'node_modules/.package-lock.json': '{}',
  [join(BUNDLE_FOLDER, '1/start.js')]: 'c',
}

describe('freshBundle', () => {
  let root = ''
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const describeBundle = async (change: object = {}): Promise<void> => {
    const files = Object.keys(FILES).map((path) => [path, timesOf(join(root, path)), sha256Of(join(root, path))])
    const folders = [['specs/oci', timesOf(join(root, 'specs/oci'))]]
    const manifest = { root, node: process.versions.node, entry: '1/start.js', files, folders, ...change }
    await write(join(BUNDLE_FOLDER, MANIFEST), JSON.stringify(manifest))
  }
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bundle-'))
    for (const [path, text] of Object.entries(FILES)) await write(path, text)
    await describeBundle()
  })
  afterEach(() => rm(root, { recursive: true }))

  it('is the entry while nothing has changed', () => {
    expect(freshBundle(root)).toBe(join(root, BUNDLE_FOLDER, '1/start.js'))
  })

  it.each<[string, () => Promise<void>]>([
    ['a file was written again with the same bytes', () => write('harness/a.ts', 'a')],
    ['a file has other times', () => utimes(join(root, 'harness/a.ts'), 1, 1)],
    ['a folder has a new file that states no rule', () => write('specs/oci/new.ts', '')],
  ])('is the entry where %s', async (_, change) => {
    await change()
    expect(freshBundle(root)).toBe(join(root, BUNDLE_FOLDER, '1/start.js'))
  })

  it.each<[string, () => Promise<unknown>]>([
    ['a module has other bytes', () => write('harness/a.ts', 'b')],
    ['a module is longer', () => write('harness/a.ts', 'aa')],
    ['a module is gone', () => rm(join(root, 'harness/a.ts'))],
    ['there is a new spec file', () => write('specs/oci/c.spec.ts', '')],
    [
      'a spec file has another name',
      () => rename(join(root, 'specs/oci/b.spec.ts'), join(root, 'specs/oci/c.spec.ts')),
    ],
    ['other packages are installed', () => write('node_modules/.package-lock.json', '{"a":1}')],
    ['it was made by another Node', () => describeBundle({ node: '26.0.0' })],
    ['it was made in another folder', () => describeBundle({ root: '/elsewhere' })],
    ['what starts is empty', () => write(join(BUNDLE_FOLDER, '1/start.js'), '')],
    ['what starts is gone', () => rm(join(root, BUNDLE_FOLDER, '1/start.js'))],
    ['its manifest is cut off', () => write(join(BUNDLE_FOLDER, MANIFEST), '{')],
    ['its manifest is null', () => write(join(BUNDLE_FOLDER, MANIFEST), 'null')],
    ['its manifest lists nothing', () => describeBundle({ files: undefined })],
    ['there is no bundle', () => rm(join(root, BUNDLE_FOLDER), { recursive: true })],
  ])('is none where %s', async (_, change) => {
    await change()
    expect(freshBundle(root)).toBeUndefined()
  })
})
