import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../testing/sample-conformance.ts'
import { madeHostile, pairConformance } from '../../testing/sample-outputs.ts'
import type { RuleVerdict } from '../verdict/conformance.ts'
import { renderAnnotations, withoutCommands } from './annotations.ts'

function renderRules(...rules: readonly RuleVerdict[]): string {
  return renderAnnotations({ ...sampleConformance, runErrors: [], candidates: [{ ...sampleCandidate, rules }] })
}

describe('renderAnnotations', () => {
  it('names the file and line of the rule, and reports where, expected, got and fix', () => {
    expect(renderRules(sampleRule('UKI-001', 'fail', { findings: [sampleFinding] }))).toBe(
      '::error file=specs/x.spec.ts,line=1,title=UKI-001 fail%3A spin-only::UKI-001 holds%0A' +
        'where     initramfs offset 0x40%0Aexpected  v1.11.5%0Agot       v1.13.9%0A%0Afix       repair UKI-001\n',
    )
  })

  it('names the line of a machine configuration', () => {
    const where = { path: 'nodes/worker.yaml', line: 46, column: 19 }
    const finding = {
      part: 'config',
      where,
      message: 'drbd is loaded with another helper',
      expected: 'a',
      got: 'b',
    } as const
    const line = renderRules(sampleRule('CFG-003', 'fail', { findings: [finding] }))
    expect(line).toMatch(/^::error file=nodes\/worker\.yaml,line=46,col=19,title=CFG-003 fail%3A spin-only::/)
    expect(line).toContain('%0Afound     drbd is loaded with another helper%0Aexpected  a%0Agot       b%0A')
  })

  it('names the file alone of a rule that did not run', () => {
    expect(renderRules(sampleRule('UKI-001', 'missing', { spec: 'specs/x.spec.ts' }))).toContain(
      '::error file=specs/x.spec.ts,title=',
    )
  })

  it('warns of a should', () => {
    expect(renderRules(sampleRule('UKI-001', 'fail', { level: 'should' }))).toMatch(/^::warning /)
  })

  it.each(['pass', 'blocked', 'waived', 'not-applicable'] as const)('says nothing of what is %s', (status) => {
    expect(renderRules(sampleRule('UKI-001', status))).toBe('')
  })

  it('reports what went wrong outside of any rule', () => {
    expect(renderAnnotations({ ...sampleConformance, candidates: [] })).toBe(
      '::error title=run error::specs/x.spec.ts did not load%3A no\n'.replace('%3A', ':'),
    )
  })

  it('escapes what ends a property or begins an escape', () => {
    const rule = sampleRule('UKI-001', 'missing', { spec: 'a,b:c%0A.ts', sentence: '100%0A, and: more' })
    expect(renderRules(rule)).toMatch(/^::error file=a%2Cb%3Ac%250A\.ts,title=[^,]*::100%250A, and: more%0A/)
  })

  it('writes nothing but its own commands, whatever the image says', () => {
    const lines = renderAnnotations(madeHostile(pairConformance)).trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(line).toMatch(/^::error (?:file=[\w/.]+,line=1,)?title=[^:,]*::[^\r\n]*$/)
    expect(lines.join('')).not.toContain('\u001b')
  })
})

describe('withoutCommands', () => {
  it('stops commands by a random word', () => {
    const text = withoutCommands('  ::error::owned')
    const [, token = ''] = /^::stop-commands::([-\da-f]{36})\n/.exec(text) ?? []
    expect(text).toBe(`::stop-commands::${token}\n  ::error::owned\n::${token}::\n`)
    expect(withoutCommands('')).not.toContain(token)
  })
})
