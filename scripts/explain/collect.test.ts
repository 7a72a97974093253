import { describe, expect, it } from 'vitest'
import { COUNTEREXAMPLES } from '#fixtures/counterexamples/index.ts'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { collectExplanations, headOf } from './collect.ts'

const entry = (id: string, needs: readonly string[] = []): RuleIndexEntry => ({
  id,
  level: 'must',
  targets: ['installer'],
  needs,
  pinned: false,
  scope: 'part',
  sentence: `${id} holds`,
  fix: 'repair it',
  file: 'specs/x.spec.ts',
})
const ruleIndex: RuleIndex = {
  version: '1.0.0',
  requirements: [entry('A-001'), entry('B-001', ['A-001'])],
  retired: [],
}

describe('collectExplanations', () => {
  const counterexamples = [
    { name: 'both', violates: ['A-001', 'B-001'], because: 'two at once' },
    { name: 'one', violates: ['A-001'], because: 'it alone' },
  ]
  const source = async (): Promise<string> => '// What they say: upstream.\nimport x\n'

  it('takes the reason from the counterexample that breaks the rule alone', async () => {
    const [first, second] = await collectExplanations(ruleIndex, counterexamples, source)
    expect([first?.why, second?.why]).toEqual(['it alone', 'two at once'])
    expect(first?.counterexamples.map(({ name }) => name)).toEqual(['both', 'one'])
  })

  it('follows needs both ways, and names the source', async () => {
    const [first, second] = await collectExplanations(ruleIndex, [], source)
    expect([first?.neededBy, second?.needs.map(({ id }) => id)]).toEqual([['B-001'], ['A-001']])
    expect(first?.source).toBe('What they say: upstream.')
    expect(first).not.toHaveProperty('why')
  })

  it('finds a source for every rule of the rule index', async () => {
    const without = (await collectExplanations(await loadRuleIndex(), COUNTEREXAMPLES)).filter(
      ({ source: text }) => text === '',
    )
    expect(without.map(({ rule }) => rule.id)).toEqual([])
  })

  it('finds a reason and a counterexample for every rule of the rule index', async () => {
    const without = (await collectExplanations(await loadRuleIndex(), COUNTEREXAMPLES)).filter(
      ({ why, counterexamples: found }) => why === undefined || found.length === 0,
    )
    expect(without.map(({ rule }) => rule.id)).toEqual([])
  })
})

describe('headOf', () => {
  it.each([
    ['// one\n// two\nimport', 'one two'],
    ['//one', 'one'],
    ['import\n// later', ''],
    ['', ''],
  ])('reads %j as %j', (text, head) => {
    expect(headOf(text)).toBe(head)
  })
})
