import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import type { ConfigFinding } from './config-rule.ts'
import type { Contract } from '../contract/contract.ts'
import { findInConfig } from './config-findings.ts'
import type { RunInput } from './run.ts'

const at = { path: 'node.yaml', line: 1, column: 1 }
const wrong: ConfigFinding = { at, message: 'wrong' }
const note: ConfigFinding = { at, message: 'mind this', kind: 'note' }
const unknown: ConfigFinding = { at, message: 'a template', got: '${X}', kind: 'unknown' }

const variant = { role: 'worker', extensions: [], forbidden: [], serviceConfigurations: [], kernelModules: [] }
const facts = machineConfigFacts(parseMachineConfig([{ path: 'node.yaml', bytes: Buffer.from('machine: {}\n') }]))
const run: RunInput = {
  candidates: [
    {
      key: 'a',
      variant: 'worker',
      references: {},
      config: { facts, files: [] },
      parts: { config: { image: false } },
      pinned: true,
      lock: { schema: 2, talos: 'v1.11.5' },
      contract: { variants: { worker: variant } } as unknown as Contract,
    },
  ],
  cacheFolder: '',
}

describe('findInConfig', () => {
  it('judges the facts, for the variant and the release of the candidate', () => {
    findInConfig(run, 'a', (judged, context) => {
      expect(judged).toBe(facts)
      expect(context).toMatchObject({ variantName: 'worker', variant, talos: 'v1.11.5' })
      return []
    })
    expect.assertions(2)
  })

  it('distinguishes what is wrong from what is worth knowing', () => {
    expect(findInConfig(run, 'a', () => [wrong, note, unknown])).toEqual({ broken: [wrong], notes: [note] })
    expect(findInConfig(run, 'a', () => [note])).toEqual({ broken: [], notes: [note] })
  })

  it('is inconclusive about a template, unless something is wrong anyway', async () => {
    const error = await expectCode(() => findInConfig(run, 'a', () => [note, unknown]), FormatError, 'UNSUPPORTED')
    expect(error.at).toEqual(at)
    expect(error.message).toBe('machine-config: a template: ${X}')
  })

  it('has a bug where there is no configuration', () => {
    expect(() => findInConfig(run, 'b', () => [])).toThrow('no candidate b with a machine configuration')
  })
})
