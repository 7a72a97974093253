import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { ROOT } from '../root.ts'
import { assertNoneLost, assertBaseline, formatRuleIndex } from './collect.ts'

function entry(id: string, needs: readonly string[] = []): RuleIndexEntry {
  const common = {
    level: 'must',
    targets: ['installer'],
    pinned: false,
    scope: 'part',
    sentence: 'it holds',
    fix: 'repair it',
  } as const
  return { ...common, id, needs, file: `specs/${id}.spec.ts` }
}

describe('assertBaseline', () => {
  it('takes requirements that need each other or nothing', () => {
    expect(() => assertBaseline([entry('UKI-001', ['INS-001']), entry('INS-001')])).not.toThrow()
  })

  it('refuses an id that is stated twice, and says where', () => {
    expect(() => assertBaseline([entry('UKI-001'), entry('UKI-001')])).toThrow(
      'UKI-001 is stated twice, the second time in specs/UKI-001.spec.ts',
    )
  })

  it('refuses a need that no spec states', () => {
    expect(() => assertBaseline([entry('UKI-001', ['INS-009'])])).toThrow('UKI-001 needs INS-009, which no spec states')
  })

  it('refuses an id that was retired', () => {
    const retired = [{ id: 'UKI-001', reason: 'split' }]
    expect(() => assertBaseline([entry('UKI-001')], retired)).toThrow('UKI-001 in specs/UKI-001.spec.ts is retired')
  })
})

describe('assertNoneLost', () => {
  const last = { version: '1.0.0', requirements: [entry('UKI-001'), entry('UKI-002')], retired: [] }

  it('takes what is still stated, what is retired, and what is new', () => {
    const retired = [{ id: 'UKI-002', reason: 'split' }]
    expect(() => assertNoneLost(last, [entry('UKI-001'), entry('UKI-003')], retired)).not.toThrow()
  })

  it('refuses to lose a rule', () => {
    expect(() => assertNoneLost(last, [entry('UKI-001')], [])).toThrow(
      /^UKI-002 was in the rule index and no spec states it any more: state it again, or retire it .* in specs\/contract\/retired\.ts$/,
    )
  })

  it('refuses to lose the memory of a retired rule', () => {
    const withRetired = { ...last, retired: [{ id: 'UKI-000', reason: 'split' }] }
    expect(() => assertNoneLost(withRetired, last.requirements, [])).toThrow(/^UKI-000 was in the rule index/)
  })
})

describe('formatRuleIndex', () => {
  it('ends with a newline, as editors leave files', () => {
    expect(formatRuleIndex({ version: '1.0.0', requirements: [], retired: [] })).toMatch(/\n}\n$/)
  })
})

describe('the fixes of rules', () => {
  it('name commands so that they can be typed in a clone and beside the package', async () => {
    const { requirements } = JSON.parse(
      await readFile(join(ROOT, 'specs/contract/rule-index.json'), 'utf8'),
    ) as RuleIndex
    const [typed, bare] = [/\bnpx talos-image [a-z]/, /(?<!npx )\btalos-image [a-z]/]
    expect(requirements.filter(({ fix }) => typed.test(fix)).length).toBeGreaterThan(10)
    expect(requirements.filter(({ fix }) => bare.test(fix)).map(({ id }) => id)).toEqual([])
  })
})
