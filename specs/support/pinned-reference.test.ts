import type { Reference } from '#harness/oci/image/reference.ts'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#harness/bytes/digest.ts'
import { imageOf, indexOf, layoutFiles, manifestDescriptor, tarOf } from '#harness/testing/oci-samples.ts'
import type { Lock } from '../contract/lock.ts'
import { readReference } from './pinned-reference.ts'
import type { CandidateInput } from './run.ts'

const image = imageOf([tarOf([{ name: 'a', content: 'x' }])], {
  architecture: 'amd64',
  config: { Labels: { 'alpha.talos.dev/version': 'v1.11.5' } },
})
const reference = { reference: 'example.com/talos:v1.11.5', digest: digestOf(Buffer.from('any')), extensions: [] }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pinned-reference-'))
  for (const [name, bytes] of layoutFiles(indexOf([manifestDescriptor(image)]), image.blobs)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), bytes)
  }
})
afterAll(() => rm(folder, { recursive: true }))

const lockOf = (talos: string): Lock => ({ schema: 2, talos, reference })

function read(
  lock: Lock | undefined,
  pinnedReference: CandidateInput['pinnedReference'] = { image: { kind: 'oci', path: folder } },
): Promise<readonly string[]> {
  const candidate = { ...(lock && { lock }), pinnedReference: pinnedReference as { readonly image: Reference } }
  return readReference({ cacheFolder: folder }, candidate, async (installer) =>
    [...(await installer.files()).entries()].map(({ path }) => path),
  )
}

describe('readReference', () => {
  it('reads the image that the lock pins', async () => {
    expect(await read(lockOf('v1.11.5'))).toEqual(['a'])
  })

  it('says that the lock pins none', async () => {
    await expect(read({ schema: 2 })).rejects.toMatchObject({
      code: 'FACT_ABSENT',
      message: 'the lock has no reference',
    })
  })

  it('says why it is nowhere', async () => {
    await expect(read(lockOf('v1.11.5'), { reason: 'no network' })).rejects.toMatchObject({
      code: 'REFERENCE_UNUSABLE',
      message: 'the reference example.com/talos:v1.11.5 cannot be had: no network',
    })
  })

  it('compares with no other Talos release', async () => {
    await expect(read(lockOf('v1.11.6'))).rejects.toMatchObject({
      code: 'REFERENCE_UNUSABLE',
      message: 'the reference example.com/talos:v1.11.5 is of Talos v1.11.5, the lock pins v1.11.6',
    })
  })

  it.each([
    ['is not there', { kind: 'oci', path: '/nowhere' }, 'cannot be read: '],
    [
      'is in a registry that was not opened',
      { kind: 'registry', registry: 'example.com', repository: 'talos', tag: 'v1' },
      'cannot be read: registry: expected access',
    ],
  ] as const)('takes a reference that %s for nothing that the candidate did', async (_, named, message) => {
    await expect(read(lockOf('v1.11.5'), { image: named })).rejects.toMatchObject({
      code: 'REFERENCE_UNUSABLE',
      message: expect.stringContaining(message),
    })
  })

  it('lets through what is no error of a reader', async () => {
    const failing = readReference(
      { cacheFolder: folder },
      { lock: lockOf('v1.11.5'), pinnedReference: { image: { kind: 'oci', path: folder } } },
      () => Promise.reject(new TypeError('a bug')),
    )
    await expect(failing).rejects.toThrow(TypeError)
  })
})
