import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleRule } from '../../testing/sample-conformance.ts'
import type { RuleVerdict } from '../verdict/conformance.ts'
import { foldsOf } from './folds.ts'

const lock = { path: 'lock.json', sha256: '3'.repeat(64), talos: 'v1.13.9' }
const absent = [{ part: 'installer', message: 'the lock has no kernel', code: 'FACT_ABSENT' }] as const
const fold = (rules: readonly RuleVerdict[], more: object = {}) =>
  foldsOf({ ...sampleCandidate, claimedTalos: 'v1.11.5', rules }, { ...sampleConformance, lock, ...more }).map(
    ({ headline, holds, isListed }) => ({ headline, ids: rules.filter(holds).map(({ id }) => id), isListed }),
  )

describe('foldsOf', () => {
  const rules = [
    sampleRule('KRN-005', 'fail', { pinned: true }),
    sampleRule('KRN-003', 'pass', { pinned: true }),
    sampleRule('INS-013', 'blocked'),
    sampleRule('UKI-012', 'fail'),
  ]

  it('tells another release once, and lists what compares with the lock', () => {
    expect(fold(rules)).toEqual([
      {
        headline: 'image v1.11.5, lock v1.13.9: 1 rule that compares with the lock is not green',
        ids: ['KRN-005', 'INS-013'],
        isListed: true,
      },
    ])
    expect(fold(rules, { lock: { ...lock, talos: 'v1.11.5' } })).toEqual([])
  })

  it('tells another architecture once', () => {
    const got = '{\n  "architecture": "amd64",\n  "os": "linux"\n}'
    const finding = { part: 'installer', message: 'expected arm64', got } as const
    const [first] = fold([sampleRule('OCI-003', 'fail', { findings: [finding] }), ...rules])
    expect(first).toMatchObject({ ids: ['KRN-005', 'INS-013', 'UKI-012'], isListed: false })
    expect(first?.headline).toMatch(/^an image for amd64: this suite judges images for arm64 .*; 3 further rules/)
  })

  it('tells once that there is no lock', () => {
    const unpinned = ['KRN-005', 'INI-002'].map((id) =>
      sampleRule(id, 'inconclusive', { findings: absent, pinned: true }),
    )
    const [first, ...others] = fold([...unpinned, sampleRule('UKI-001', 'fail')], {
      lock: { ...lock, talos: undefined },
    })
    expect([first?.ids, others]).toEqual([['KRN-005', 'INI-002'], []])
    expect(first?.headline).toMatch(/^no lock: the structure was judged, and 2 rules were not, .* Talos v1\.11\.5 /)
    expect(fold(unpinned)[0]?.headline).toMatch(/^image v1\.11\.5, lock v1\.13\.9: /)
  })
})
