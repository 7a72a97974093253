// Every wrong configuration gives exactly its finding with its line; every right one nothing but notes.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  applyEdit,
  CONFIG_NAMES,
  readBaselineConfig,
  baselineContract,
  variantOfConfig,
  type ConfigEdit,
  type ConfigName,
  type BaselineConfig,
} from '#fixtures/counterexamples/config/valid.ts'
import { CONFIGS, RIGHT_CONFIGS } from '#fixtures/counterexamples/index.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { parseContract, type Contract } from '#specs/contract/contract.ts'
import type { Candidate } from '../judge/candidates/candidates.ts'
import { CONTRACT_PATH, loadRuleIndex } from '../judge/candidates/inputs.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import { runSpecs } from '../judge/run/run.ts'
import { ROOT } from '../root.ts'
import { CONFIG_SPEC_GLOB } from '../judge/run/spec-run.ts'
import type { RuleVerdict } from '../judge/verdict/conformance.ts'
import { exitCodeOf, judge } from '../judge/verdict/gate.ts'

type Verdicts = readonly RuleVerdict[]

const ruleIndex = await loadRuleIndex()
const shipped = parseContract(await readFile(join(ROOT, CONTRACT_PATH)), CONTRACT_PATH)

/** `variant` undefined for that of the image which the configuration installs. */
function toCandidate(key: string, { config, patch }: BaselineConfig, contract: Contract, variant?: string): Candidate {
  const files = [
    { path: 'config', bytes: Buffer.from(config) },
    ...(patch === undefined ? [] : [{ path: 'patch', bytes: Buffer.from(patch) }]),
  ]
  const facts = machineConfigFacts(parseMachineConfig(files))
  return { ...configCandidate({ facts, files: [] }, { contract, lock: undefined, variant }), key }
}

/** With what is known of the schematic of its image. */
function ofEdit(edit: ConfigEdit, candidate: Candidate): Candidate {
  if (edit.schematic === undefined || candidate.config === undefined) return candidate
  return { ...candidate, config: { ...candidate.config, beside: { schematic: edit.schematic } } }
}

/** `CFG-002 config:42` for each finding. */
function findingsOf(verdicts: Verdicts): readonly string[] {
  return verdicts.flatMap(({ id, findings }) => findings.map(({ where }) => `${id} ${where?.path}:${where?.line}`))
}

const idsOf = (verdicts: Verdicts, status: string): readonly string[] =>
  verdicts.filter((one) => one.status === status).map(({ id }) => id)

const valid = (name: ConfigName): string => `valid ${name}`
const asWritten = (name: ConfigName): string => `as written ${name}`

describe('lint of machine configurations', () => {
  const verdicts = new Map<string, Verdicts>()
  const verdictsOf = (key: string): Verdicts => verdicts.get(key) ?? []

  // One run over all of them, as the command has one over one of them.
  beforeAll(async () => {
    const candidates: Candidate[] = []
    for (const edit of [...CONFIGS, ...RIGHT_CONFIGS]) {
      const { files, contract } = applyEdit(edit, await readBaselineConfig(edit.of), shipped)
      candidates.push(ofEdit(edit, toCandidate(edit.name, files, contract, variantOfConfig(edit.of))))
    }
    for (const name of CONFIG_NAMES) {
      const baseline = await readBaselineConfig(name)
      candidates.push(toCandidate(valid(name), baseline, baselineContract(shipped, name), variantOfConfig(name)))
      candidates.push(toCandidate(asWritten(name), { config: baseline.config }, shipped))
    }
    const groups = [{ candidates, cacheFolder: '' }]
    const { observations, runErrors } = await runSpecs({ groups, specs: CONFIG_SPEC_GLOB })
    expect(runErrors).toEqual([])
    for (const candidate of candidates) verdicts.set(candidate.key, judge(ruleIndex, candidate, observations))
    expect(verdicts.size).toBe(candidates.length)
  }, 240_000)

  it.each(CONFIGS)('$name: $violates', (example) => {
    const judged = verdictsOf(example.name)
    const place = `${example.place ?? example.file ?? 'config'}:${example.line}`
    expect(findingsOf(judged)).toEqual(example.violates.map((id) => `${id} ${place}`))
    expect(idsOf(judged, 'fail')).toEqual(example.violates)
    const gates = judged.some(({ level, status }) => level === 'must' && status === 'fail')
    expect(exitCodeOf(judged, [])).toBe(gates ? 1 : 0)
    expect(idsOf(judged, 'inconclusive')).toEqual([])
  })

  it.each(RIGHT_CONFIGS)('$name: right', ({ name }) => {
    expect(findingsOf(verdictsOf(name))).toEqual([])
    expect(exitCodeOf(verdictsOf(name), [])).toBe(0)
  })

  it.each(CONFIG_NAMES)('%s, with what a gateway is to pin: right', (name) => {
    expect(verdictsOf(valid(name))).not.toEqual([])
    expect(findingsOf(verdictsOf(valid(name)))).toEqual([])
  })

  it.each(CONFIG_NAMES)('%s as talosctl writes it, by the contract that is shipped: nothing but notes', (name) => {
    const judged = verdictsOf(asWritten(name))
    expect(judged.filter(({ level, status }) => level === 'must' && status === 'fail')).toEqual([])
    expect(exitCodeOf(judged, [])).toBe(0)
    const reported = judged.flatMap(({ id, findings, notes = [] }) => [...findings, ...notes].map(() => id))
    expect(reported).toEqual(name.startsWith('gateway-') ? ['CFG-006', 'CFG-007', 'CFG-008'] : ['CFG-006'])
  })

  it.each(CONFIG_NAMES)('%s: the variant is that of the image it installs', async (name) => {
    const { config } = await readBaselineConfig(name)
    expect(toCandidate(name, { config }, shipped).variant).toBe(variantOfConfig(name))
  })
})
