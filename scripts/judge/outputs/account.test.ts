import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../testing/sample-conformance.ts'
import { accountOf, accountText, candidateNames, shorten } from './account.ts'

const place = ['where', 'initramfs offset 0x40']

describe('accountOf', () => {
  it('says nothing of a rule that passes', () => {
    expect(accountOf(sampleRule('UKI-001', 'pass'))).toEqual([])
  })

  it('reports where, expected, got and fix of a failure', () => {
    expect(accountOf(sampleRule('UKI-001', 'fail', { findings: [sampleFinding] }))).toEqual([
      [place, ['expected', 'v1.11.5'], ['got', 'v1.13.9']],
      [['fix', 'repair UKI-001']],
    ])
  })

  it('reports what a reader found where nothing was compared', () => {
    const finding = {
      part: 'installer',
      where: { path: 'initramfs', offset: 64 },
      message: 'cpio: no',
      code: 'MALFORMED',
    } as const
    expect(accountOf(sampleRule('INI-001', 'fail', { findings: [finding] }))[0]).toEqual([place, ['found', 'cpio: no']])
  })

  it('reports what is wrong with a machine configuration, and what was compared', () => {
    const where = { path: 'worker.yaml', line: 46, column: 19 }
    const finding = { part: 'config', where, message: 'of another variant', expected: 'a', got: 'b' } as const
    expect(accountOf(sampleRule('CFG-004', 'fail', { findings: [finding] }))[0]).toEqual([
      ['where', 'worker.yaml:46:19'],
      ['found', 'of another variant'],
      ['expected', 'a'],
      ['got', 'b'],
    ])
  })

  it('says once why a rule is inconclusive', () => {
    const finding = { part: 'installer', message: 'the lock has no kernel', code: 'FACT_ABSENT' } as const
    const rule = sampleRule('KRN-005', 'inconclusive', { reason: finding.message, findings: [finding] })
    expect(accountOf(rule)).toEqual([[['because', 'the lock has no kernel']]])
  })

  it.each(['blocked', 'missing', 'not-applicable'] as const)('says why a rule is %s', (status) => {
    expect(accountOf(sampleRule('UKI-001', status, { reason: 'why' }))).toEqual([[['because', 'why']]])
  })

  it('reports the first findings of many, and how many there are more', () => {
    const account = accountOf(
      sampleRule('UKI-001', 'fail', { findings: Array.from({ length: 12 }, () => sampleFinding) }),
    )
    expect(account).toHaveLength(11)
    expect(account.at(-1)?.[0]).toEqual(['and', '2 more findings in conformance.json'])
  })

  it('shows as much of a text as a person reads', () => {
    const account = accountOf(
      sampleRule('UKI-001', 'fail', { findings: [{ ...sampleFinding, got: 'x'.repeat(1 << 20) }] }),
    )
    expect(JSON.stringify(account).length).toBeLessThan(3000)
  })
})

describe('accountText', () => {
  it('indents every line of a text under its label', () => {
    const rule = sampleRule('UKI-001', 'blocked', { reason: 'one\ntwo' })
    expect(accountText(rule)).toBe('because   one\n          two')
  })
})

describe('shorten', () => {
  it.each([
    ['abc', 'abc'],
    ['abcd', 'abc… (1 characters more)'],
    ['ab🦊', 'ab\ufffd… (1 characters more)'],
  ])('cuts %j behind its third character', (text, short) => {
    expect(shorten(text, 3)).toBe(short)
  })
})

describe('candidateNames', () => {
  it('numbers candidates of one variant', () => {
    const candidates = [sampleCandidate, { ...sampleCandidate, variant: 'spin-tailscale' }, { ...sampleCandidate }]
    expect(candidateNames({ ...sampleConformance, candidates })).toEqual([
      'spin-only 1',
      'spin-tailscale',
      'spin-only 2',
    ])
  })

  it('calls both variants against each other the release', () => {
    const candidates = [
      sampleCandidate,
      { ...sampleCandidate, reference: 'release', variant: 'spin-only and spin-tailscale' },
    ]
    expect(candidateNames({ ...sampleConformance, candidates })).toEqual(['spin-only', 'release'])
  })
})
