import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CandidateVerdict } from '../judge/verdict/conformance.ts'
import { sampleCandidate, sampleConformance } from '../testing/sample-conformance.ts'
import { readVerdicts } from './verdict.ts'

const folder = await mkdtemp(join(tmpdir(), 'talos-verdict-test-'))
afterAll(() => rm(folder, { recursive: true }))
const listed = [{ name: 'zfs', version: '2.3.3-v1.11.5' }]
const described = { ...listed[0], name: 'zfs', version: '2.3.3-v1.11.5', size: 1, handlers: [], modules: 2 }

async function read(...candidates: readonly Partial<CandidateVerdict>[]) {
  const path = join(folder, 'report.json')
  const all = candidates.map((one) => ({ ...sampleCandidate, ...one }))
  await writeFile(path, JSON.stringify({ ...sampleConformance, candidates: all }))
  return readVerdicts(path)
}

describe('the verdict on an image', () => {
  it('has versions without contents', async () => {
    expect((await read({ extensions: listed })).get('spin-only')?.extensions).toEqual(listed)
    expect((await read({})).get('spin-only')?.extensions).toBeUndefined()
  })

  it('has services with its contents', async () => {
    const services = [{ name: 'zfs-service', waits: ['path /dev/zfs'] }]
    const contents = { extensions: [{ ...described, services }], sizes: {} }
    const found = (await read({ extensions: listed, contents })).get('spin-only')
    expect(found?.extensions).toEqual([{ ...listed[0], services: ['zfs-service'] }])
  })

  it('is that of an image: of a release, a node and a boot nothing is taken', async () => {
    const others = [{ reference: 'release' }, { targets: ['node', 'config'] }, { targets: ['boot'] }]
    expect([...(await read({}, ...others)).keys()]).toEqual(['spin-only'])
    await expect(read(...others)).rejects.toThrow(/has no verdict on an image/)
    await expect(read({}, {})).rejects.toThrow(/two images of spin-only/)
  })
})
