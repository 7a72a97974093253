import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Contract } from '#specs/contract/contract.ts'
import type { Candidate } from './candidates.ts'
import { loadConfig, withMachineConfig } from './machine-config.ts'
import { ROOT } from '../run/run.ts'

const WORKER = join(ROOT, 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml')
const options = { references: ['oci:a'], structureOnly: false, json: false, output: [], config: [WORKER] }

const candidate = (variant: string, more: Partial<Candidate> = {}): Candidate => ({
  key: variant,
  reference: `oci:${variant}`,
  variant,
  references: { installer: `oci:${variant}` },
  parts: { installer: { image: true } },
  pinned: false,
  contract: {} as Contract,
  ...more,
})

describe('a machine configuration beside images', async () => {
  const config = await loadConfig(options)

  it('is none unless it is given', async () => {
    const { config: _, ...without } = options
    expect(await loadConfig(without)).toBeUndefined()
    expect(withMachineConfig([candidate('a'), candidate('b')], undefined)).toEqual([candidate('a'), candidate('b')])
  })

  it('is a part of each candidate, with its files', () => {
    const [one] = withMachineConfig([candidate('a')], config)
    expect(one?.parts).toEqual({ installer: { image: true }, config: { image: false } })
    expect(one?.config?.files).toEqual([{ path: WORKER, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }])
    expect(one).not.toHaveProperty('targets')
  })

  it('is asked for by being given', () => {
    const candidates = [candidate('a', { targets: ['installer'] }), candidate('a', { targets: ['config'] })]
    expect(withMachineConfig(candidates, config).map(({ targets }) => targets)).toEqual([
      ['installer', 'config'],
      ['config'],
    ])
  })

  it('is of one node, which is of one variant', async () => {
    expect(() => withMachineConfig([candidate('a'), candidate('b')], config)).toThrow(/of one node, .*\(a, b\)/)
    await expect(loadConfig({ ...options, references: [] })).rejects.toThrow(/--variant/)
    expect(await loadConfig({ ...options, references: [], variant: 'spin-only' })).toBeDefined()
  })
})
