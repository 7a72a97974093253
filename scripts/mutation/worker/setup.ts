// Runs beside the tests of mutants: passes over those of a mutant that is killed already, and reports how each one ends.
import { appendFileSync } from 'node:fs'
import { afterEach, beforeEach, inject } from 'vitest'
import type { Requirement } from '#specs/support/requirement.ts'
import type { JudgementMeta } from '#specs/support/run.ts'
import { judge } from '../../judge/verdict/gate.ts'
import type { Observation } from '../../judge/verdict/observation.ts'
import { observeErrors } from '../../judge/run/reporter.ts'
import { compareVerdict } from '../../selftest/compare.ts'
import { mutantOf } from './mutant-of.ts'
import { VALID, type LogRecord } from './plan.ts'
import { killed, observed } from './state.ts'

type Meta = JudgementMeta & { readonly requirement: Requirement }

/** Writes a record at once: a mutant may never give the thread back. */
function send(record: LogRecord): void {
  appendFileSync(inject('plan').log, `${JSON.stringify(record)}\n`)
}

beforeEach(({ task, skip }) => {
  const mutant = mutantOf(task.file.filepath)
  const { candidate, requirement } = task.meta as object as Meta
  const pair = `${candidate} ${requirement.id}`
  if (mutant !== VALID && (killed.has(mutant) || inject('plan').baseline[pair] === undefined)) skip()
  send({ kind: 'start', mutant, place: pair })
})

afterEach(({ task }) => {
  const mutant = mutantOf(task.file.filepath)
  const meta = task.meta as object as Meta
  const errors = observeErrors(task.result?.errors ?? [], meta)
  const observation: Observation = {
    candidate: meta.candidate,
    part: meta.part,
    id: meta.requirement.id,
    state: errors.length === 0 ? 'passed' : 'failed',
    errors,
    durationMs: 0,
    spec: '',
  }
  if (mutant === VALID) send({ kind: 'observed', observation })
  else if (!killed.has(mutant)) compare(mutant, observation)
})

/** Compares, as the selftest does, the status of this rule on this candidate. */
function compare(mutant: string, observation: Observation): void {
  const { baseline, entries, expected } = inject('plan')
  const { candidate: key, id, part } = observation
  const place = `${mutant} ${key} ${id}`
  const before = observed.get(place) ?? baseline[`${key} ${id}`]
  const wanted = expected[key]
  const candidate = [...inject('run').candidates].find((one) => one.key === key)
  if (before === undefined || wanted === undefined || candidate === undefined) return
  const now = before.map((one) => (one.part === part ? observation : one))
  observed.set(place, now)
  const own = entries.filter((entry) => entry.id === id).map((entry) => ({ ...entry, needs: [] }))
  const verdicts = judge({ version: '', requirements: own, retired: [] }, candidate, now)
  const [problem] = compareVerdict(verdicts, wanted)
  if (problem === undefined) return
  killed.add(mutant)
  send({ kind: 'killed', mutant, by: `${key}: ${problem}` })
}
