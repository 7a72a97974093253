import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../testing/sample-conformance.ts'
import { madeHostile, pairConformance } from '../../testing/sample-outputs.ts'
import type { RuleVerdict } from '../verdict/conformance.ts'
import { renderJunit } from './junit.ts'

function renderRule(rule: RuleVerdict): string {
  const text = renderJunit({ ...sampleConformance, runErrors: [], candidates: [{ ...sampleCandidate, rules: [rule] }] })
  return /<testcase [^]*<\/testcase>/.exec(text)?.[0] ?? ''
}

describe('renderJunit', () => {
  it('counts what each suite holds', () => {
    expect(renderJunit(pairConformance).match(/<testsuite [^>]*>/g)).toEqual([
      '<testsuite id="0" package="talos-image-contract" name="spin-only" tests="8" failures="1" errors="3" skipped="2" time="0.008" hostname="localhost" timestamp="2026-11-23T05:28:00">',
      '<testsuite id="1" package="talos-image-contract" name="spin-tailscale" tests="8" failures="0" errors="0" skipped="0" time="0.008" hostname="localhost" timestamp="2026-11-23T05:28:00">',
      '<testsuite id="2" package="talos-image-contract" name="the run itself" tests="1" failures="0" errors="1" skipped="0" time="0.000" hostname="localhost" timestamp="2026-11-23T05:28:00">',
    ])
  })

  it('leaves out a time that was not noted', () => {
    expect(renderJunit(sampleConformance)).not.toContain('timestamp')
  })

  it('reports where, expected, got and fix of a failure', () => {
    expect(renderRule(sampleRule('UKI-001', 'fail', { findings: [sampleFinding] }))).toBe(
      `<testcase classname="spin-only.UKI" name="UKI-001 UKI-001 holds" time="0.001"><failure type="fail" message="fail: expected 1 to be 2">where     initramfs offset 0x40
expected  v1.11.5
got       v1.13.9

fix       repair UKI-001</failure></testcase>`,
    )
  })

  it('gives the code of a reader as the type', () => {
    const findings = [{ ...sampleFinding, code: 'TRUNCATED' }]
    expect(renderRule(sampleRule('UKI-001', 'fail', { findings }))).toContain('<failure type="TRUNCATED"')
  })

  it.each([
    ['pass', ''],
    ['inconclusive', '<error type="inconclusive" message="inconclusive: why">'],
    ['blocked', '<error type="blocked" message="blocked: why">'],
    ['missing', '<error type="missing" message="missing: why">'],
    ['waived', '<skipped message="waived: why">'],
    ['not-applicable', '<skipped message="not-applicable: why">'],
  ] as const)('has its outcome for %s', (status, outcome) => {
    const text = renderRule(sampleRule('UKI-001', status, { reason: 'why' }))
    expect(/<(?:error|failure|skipped)[^>]*>/.exec(text)?.[0] ?? '').toBe(outcome)
  })

  it.each(['fail', 'inconclusive', 'blocked', 'missing'] as const)(
    'skips a should with %s, for it does not gate',
    (status) => {
      const text = renderRule(sampleRule('UKI-001', status, { level: 'should', reason: 'why' }))
      expect(text).toContain(`<skipped message="${status} (a should, it does not gate): why">`)
    },
  )

  it('holds no text that is markup', () => {
    const text = renderJunit(madeHostile(pairConformance))
    expect(text).not.toMatch(
      /<(?!\/?(?:testsuites?|properties|property|testcase|failure|error|skipped|system-out|system-err)\b|\?xml)/,
    )
    expect(text).not.toMatch(/[^\P{C}\n]/u)
  })
})
