import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parseReference } from '#harness/oci/image/reference.ts'
import { installerOf } from '../judge/candidates/parts.ts'
import { account } from './main.ts'

let folder = ''
let cacheFolder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'account-'))
  cacheFolder = join(folder, 'cache')
})
afterAll(() => rm(folder, { recursive: true }))

/** An image layout that names an image by each tag; the images are not in it. */
async function writeIndex(name: string, tags: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const manifests = tags.map((tag, at) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${String(at).repeat(64)}`,
    size: 2,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }))
  await writeFile(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  return path
}

describe('installerOf', () => {
  it.for([
    ['one', ['v1.11.5', 'v1.11.5-assets'], 'v1.11.5'],
    ['several', ['v1.11.5', 'v1.11.6', 'v1.11.5-assets'], undefined],
  ] as const)('names the image of a layout with %s beside assets as npm test does', async ([name, tags, tag]) => {
    const reference = parseReference(`oci:${await writeIndex(name, tags)}`)
    expect(await installerOf(reference, { cacheFolder })).toEqual({ ...reference, ...(tag !== undefined && { tag }) })
  })
})

describe('account', () => {
  it.for([
    ['a folder that is not there', () => `oci:${join(folder, 'none')}`, 'expected a file or a folder, got nothing'],
    ['several images', () => `oci:${join(folder, 'several')}`, 'expected a tag that says which image, got several'],
  ] as const)('says in one sentence that it is given %s', async ([, reference, message]) => {
    const said: string[] = []
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
    try {
      expect(await account([reference(), '--cache', cacheFolder])).toBe(2)
    } finally {
      spy.mockRestore()
    }
    expect(said.join('')).toMatch(/^error: oci:[^\n]*\n$/)
    expect(said.join('')).toContain(message)
  })
})
