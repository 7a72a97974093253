import { describe, expect, it } from 'vitest'
import type { Mutant } from './mutant.ts'
import { exitCodeOfMutation, renderReport, toReport } from './report.ts'
import { needless, reasonFor } from './survivors.ts'

function mutant(name: string, more: Partial<Mutant> = {}): Mutant {
  const common = {
    file: 'specs/oci/a.spec.ts',
    line: 3,
    operator: 'string',
    original: "'a'",
    replacement: "''",
  } as const
  return { name, start: 0, end: 0, specs: [], ids: ['OCI-001'], ...common, ...more }
}

const killed = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ mutant: mutant(`m${at}`), killedBy: 'a control' }))
const survivor = (reason?: string) => ({ mutant: mutant('m9999'), reason })

describe('exitCodeOfMutation', () => {
  it.each([
    ['all killed', toReport(killed(3), []), 0],
    ['enough killed, the rest with reasons', toReport([...killed(9), { mutant: mutant('m9') }], [survivor('text')]), 0],
    ['too few killed', toReport([...killed(8), { mutant: mutant('m9') }], [survivor('text')]), 1],
    ['a survivor without a reason', toReport([...killed(99), { mutant: mutant('m9') }], [survivor()]), 1],
    ['a reason that nothing needs', toReport(killed(3), [], ["specs/a.ts: 'a' → ''"]), 1],
  ])('is right for %s', (_, report, code) => {
    expect(exitCodeOfMutation(report)).toBe(code)
  })
})

describe('renderReport', () => {
  it('counts by area, and names what survives with its reason', () => {
    const report = toReport([...killed(9), { mutant: mutant('m9') }], [survivor('it is text')])
    expect(renderReport(report, 61.2)).toBe(`specs/oci/a.spec.ts:3 string: 'a' → '' (OCI-001)
  because it is text

oci      9 of   10  90 %

GREEN: 9 of 10 mutants killed (90 %, at least 90 %), 1 survivors, 0 of them without a reason (61 s)
`)
  })
})

describe('reasonFor', () => {
  const entry = { file: 'specs/oci/a.spec.ts', mutations: ["'a' → ''"], reason: 'it is text' }
  const line = '  const a = b(…)'

  it('finds a mutation by its file and what it does', () => {
    expect(reasonFor(mutant('m1'), line, [entry])).toBe('it is text')
    expect(reasonFor(mutant('m1', { file: 'specs/b.ts' }), line, [entry])).toBeUndefined()
    expect(reasonFor(mutant('m1', { replacement: "'b'" }), line, [entry])).toBeUndefined()
  })

  it('takes the beginning of a mutation, and goes by the line where one is given', () => {
    expect(reasonFor(mutant('m1'), line, [{ ...entry, mutations: ["'a' → …"] }])).toBe('it is text')
    expect(reasonFor(mutant('m1'), line, [{ ...entry, line: 'const a = b(…)' }])).toBe('it is text')
    expect(reasonFor(mutant('m1'), line, [{ ...entry, line: 'const b = b(…)' }])).toBeUndefined()
  })

  it('names what no survivor needs any more', () => {
    const other = { ...entry, mutations: ["'a' → ''", "'b' → ''"] }
    expect(needless([{ mutant: mutant('m1'), line }], [other])).toEqual(["specs/oci/a.spec.ts: 'b' → ''"])
  })
})
