import { describe, expect, it } from 'vitest'
import { findEdits } from './operators.ts'
import { parseTypeScript } from './syntax.ts'

/** `operator: text after it`, for the first statement of a text. */
function mutate(text: string): readonly string[] {
  const [statement] = parseTypeScript(text)
  if (statement === undefined) throw new Error('expected a statement')
  return findEdits(statement, text).map(
    ({ operator, start, end, replacement }) => `${operator}: ${text.slice(0, start)}${replacement}${text.slice(end)}`,
  )
}

describe('findEdits', () => {
  it('negates, weakens and drops an assertion', () => {
    expect(mutate('judge(x, at).toEqual(y)')).toEqual([
      'assertion dropped: ;void 0',
      'assertion negated: judge(x, at).not.toEqual(y)',
      'assertion weakened: judge(x, at).toBeDefined()',
    ])
  })

  it('takes an assertion apart that is awaited, negated or about a boundary', () => {
    expect(mutate('await judge(x, at).not.toBeDefined()')).toEqual([
      'assertion dropped: ;void 0',
      'assertion negated: await judge(x, at).toBeDefined()',
      'assertion weakened: await judge(x, at).not.toBe(Symbol.iterator)',
    ])
    expect(mutate('judge(x, at).toBeLessThanOrEqual(y)')).toContain('assertion weakened: judge(x, at).toBeLessThan(y)')
  })

  it.each([
    ['a predicate', 'const a = b.filter(c)', ['b.filter(() => false)', 'b.filter(() => true)']],
    ['a logical operator', 'const a = b && c', ['((b) || (c))']],
    ['a default', 'const a = b ?? c', ['((b) && (c))']],
    ['a comparison', 'const a = b < c', ['((b) <= (c))', '((b) >= (c))']],
    ['an equality', 'const a = b === c', ['((b) !== (c))']],
    ['a negation', 'const a = !b', ['(b)']],
    ['a choice', 'const a = b ? c : d', ['(c)', '(d)']],
    ['a boolean', 'const a = true', ['false']],
    ['a string', "const a = 'b'", ["''"]],
    ['an empty string', "const a = ''", ["'mutated'"]],
    ['a regular expression', 'const a = /^b$/i', ['/(?!)/i', '/b$/i', '/^b/i']],
    ['a regular expression of its anchor alone', 'const a = /^/', ['/(?!)/', '/(?:)/']],
  ])('turns round %s', (_, text, values) => {
    expect(mutate(text).map((mutant) => mutant.slice(mutant.indexOf('const a = ') + 10))).toEqual(values)
  })

  it('takes both ways of a branch, and drops what it throws', () => {
    expect(mutate("if (a) throw new Error('b')")).toEqual([
      "condition: if (true) throw new Error('b')",
      "condition: if (false) throw new Error('b')",
      'throw dropped: if (a) ;void 0',
    ])
  })

  it('leaves alone that a bug is thrown on', () => {
    expect(mutate('function a() { try { b() } catch (c) { if (c instanceof D) return; throw c } }')).toEqual([
      'condition: function a() { try { b() } catch (c) { if (false) return; throw c } }',
    ])
  })

  it.each([
    ['statements of rules', "test(...must('A-1', 'b', { targets: ['image'] }), c)"],
    ['messages', "const a = { at, message: 'b', got: c ? 'd' : 'e' }"],
    ['clauses', "const a = fail('expected a name, got none')"],
    ['texts with holes', 'const a = `b ${c ? 1 : 2}`'],
    ['text that is put together', "const got = a || 'none'"],
    ['a choice of texts', 'f(a === 1 ? `b ${c}` : `d ${e}`)'],
    ['the order of a list', 'const a = b.toSorted((c, d) => (c < d ? -1 : 1))'],
    ['the empty text for an absent one', "function f(a = '') {}"],
    ['the place of an assertion', "f(judge(a, b.whereOf('c')))"],
    ['types', "const a: 'b' | 'c' = d as 'b'"],
    ['names of properties', "const a = { 'b-c': d }"],
    ['imports', "import { a } from 'b'"],
  ])('leaves %s alone', (_, text) => {
    expect(mutate(text)).toEqual([])
  })

  it('still sees the body of a rule', () => {
    expect(mutate("test(...must('A-1', 'b', { fix: 'c' }), () => { judge(a, b).toBe(1) })")).toHaveLength(3)
  })
})
