// Every wrong configuration gives exactly its finding with its line; every right one nothing but notes.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  applyEdit,
  CONFIG_NAMES,
  readSoundConfig,
  soundContract,
  variantOfConfig,
  type ConfigName,
  type SoundConfig,
} from '#fixtures/counterexamples/config/valid.ts'
import { CONFIGS, RIGHT_CONFIGS } from '#fixtures/counterexamples/index.ts'
import { machineConfigFacts, type MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { configRules, exitCodeOfConfig, judgeConfig, type ConfigVerdict } from '#specs/config/judge.ts'
import { installedVariant } from '#specs/config/rules/install-image.ts'
import { parseContract, type Contract } from '#specs/contract/contract.ts'
import { CONTRACT_PATH, loadRuleIndex } from '../judge/candidates/inputs.ts'
import { ROOT } from '../judge/run/run.ts'

const RULES = configRules(await loadRuleIndex())

function readFacts({ config, patch }: SoundConfig): MachineConfigFacts {
  const files = [
    { path: 'config', bytes: Buffer.from(config) },
    ...(patch === undefined ? [] : [{ path: 'patch', bytes: Buffer.from(patch) }]),
  ]
  return machineConfigFacts(parseMachineConfig(files))
}

function judge(of: ConfigName, files: SoundConfig, contract: Contract): readonly ConfigVerdict[] {
  const variantName = variantOfConfig(of)
  const variant = contract.variants[variantName]
  if (variant === undefined) throw new Error(`no variant ${variantName}`)
  return judgeConfig(RULES, readFacts(files), { variantName, variant, contract })
}

/** `CFG-002 config:42` for each finding that is no note. */
function findingsOf(verdicts: readonly ConfigVerdict[]): readonly string[] {
  return verdicts.flatMap(({ id, findings }) =>
    findings.filter(({ kind }) => kind !== 'note').map(({ at }) => `${id} ${at.path}:${at.line}`),
  )
}

describe('lint of machine configurations', async () => {
  const shipped = parseContract(await readFile(join(ROOT, CONTRACT_PATH)), CONTRACT_PATH)

  it.each(CONFIGS)('$name: $violates', async (example) => {
    const { files, contract } = applyEdit(example, await readSoundConfig(example.of), shipped)
    const verdicts = judge(example.of, files, contract)
    const place = `${example.file ?? 'config'}:${example.line}`
    expect(findingsOf(verdicts)).toEqual(example.violates.map((id) => `${id} ${place}`))
    expect(verdicts.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual(example.violates)
    const gates = verdicts.some(({ level, status }) => level === 'must' && status === 'fail')
    expect(exitCodeOfConfig(verdicts)).toBe(gates ? 1 : 0)
    expect(verdicts.filter(({ status }) => status === 'inconclusive')).toEqual([])
  })

  it.each(RIGHT_CONFIGS)('$name: right', async (control) => {
    const { files, contract } = applyEdit(control, await readSoundConfig(control.of), shipped)
    const verdicts = judge(control.of, files, contract)
    expect(findingsOf(verdicts)).toEqual([])
    expect(exitCodeOfConfig(verdicts)).toBe(0)
  })

  it.each(CONFIG_NAMES)('%s, with what a gateway is to pin: right', async (name) => {
    expect(findingsOf(judge(name, await readSoundConfig(name), soundContract(shipped)))).toEqual([])
  })

  it.each(CONFIG_NAMES)(
    '%s as talosctl writes it, by the contract that is shipped: nothing but notes',
    async (name) => {
      const { config } = await readSoundConfig(name)
      const verdicts = judge(name, { config }, shipped)
      expect(verdicts.filter(({ level, status }) => level === 'must' && status === 'fail')).toEqual([])
      expect(exitCodeOfConfig(verdicts)).toBe(0)
      const notes = verdicts.flatMap(({ id, findings }) => findings.map(() => id))
      expect(notes).toEqual(name.startsWith('gateway-') ? ['CFG-006', 'CFG-007', 'CFG-008'] : ['CFG-006'])
      expect(installedVariant(readFacts({ config }), shipped)).toBe(variantOfConfig(name))
    },
  )
})
