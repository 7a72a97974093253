import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseContract, type Contract } from '#specs/contract/contract.ts'
import type { Candidate } from './candidates.ts'
import { CONTRACT_PATH } from './inputs.ts'
import { loadMachineConfig } from './config-files.ts'
import { configCandidate, withMachineConfig } from './machine-config.ts'
import { ROOT } from '../../root.ts'

const WORKER = join(ROOT, 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml')

const candidate = (variant: string, more: Partial<Candidate> = {}): Candidate => ({
  key: variant,
  reference: `oci:${variant}`,
  variant,
  references: { installer: { kind: 'oci', path: variant } },
  parts: { installer: { image: true } },
  pinned: false,
  contract: {} as Contract,
  ...more,
})

describe('a machine configuration beside images', async () => {
  const config = await loadMachineConfig([WORKER])

  it('is none unless it is given', () => {
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

  it('is of one node, which is of one variant', () => {
    expect(() => withMachineConfig([candidate('a'), candidate('b')], config)).toThrow(/of one node, .*\(a, b\)/)
  })
})

describe('a machine configuration by itself', async () => {
  const contract = parseContract(await readFile(join(ROOT, CONTRACT_PATH)), CONTRACT_PATH)
  const config = await loadMachineConfig([WORKER])
  const terms = { contract, lock: undefined, variant: undefined }

  it('is a candidate without an image, of the variant whose image it installs', () => {
    expect(configCandidate(config, terms)).toMatchObject({
      reference: WORKER,
      variant: 'spin-only',
      references: {},
      parts: { config: { image: false } },
      targets: ['config'],
      pinned: false,
    })
  })

  it('is of the variant that is given', () => {
    expect(configCandidate(config, { ...terms, variant: 'spin-tailscale' }).variant).toBe('spin-tailscale')
    expect(() => configCandidate(config, { ...terms, variant: 'x' })).toThrow(
      /unknown variant x; defined: spin-only, spin-t/,
    )
  })

  it('is of no variant where nothing says one', () => {
    const nothing = { ...config, facts: { ...config.facts, installs: [] } }
    expect(() => configCandidate(nothing, terms)).toThrow(/of one variant, .* --variant \(spin-only, spin-tailscale\)/)
  })
})
