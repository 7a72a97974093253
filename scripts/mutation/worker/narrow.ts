// `test` of the specs for one mutant: only its rules, only the candidates that were chosen for it.
import { inject } from 'vitest'
import type { test } from '#specs/support/test.ts'
import type { CandidateInput } from '#specs/support/run.ts'

type Test = typeof test

/** The registering `test`: the specs register what the run names, so the run is narrowed while they do. */
export function narrow(mutant: string, stated: Test): Test {
  const choice = inject('plan').choices[mutant]
  return (title, options, body) => {
    if (choice === undefined || !choice.ids.includes(options.meta.requirement.id)) return
    const run = inject('run') as { candidates: readonly CandidateInput[] }
    const { candidates } = run
    const byKey = new Map(candidates.map((candidate) => [candidate.key, candidate]))
    run.candidates = choice.keys.flatMap((key) => byKey.get(key) ?? [])
    try {
      stated(title, options, body)
    } finally {
      run.candidates = candidates
    }
  }
}
