// Reports that a release must not be published on: each right one, changed in one place.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LOCK, openRelease, writeRelease } from '#fixtures/publish/sample-release.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { loadContract, loadLock, loadRuleIndex } from '../judge/candidates/inputs.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { greenReport, withRule } from '../check-oracles-slow/races/green-report.ts'
import { readGate, RefusedError } from './gate.ts'

const folder = await mkdtemp(join(tmpdir(), 'gate-'))
await writeRelease(join(folder, 'out'))
await writeFile(join(folder, 'lock.json'), formatLock(LOCK))
const release = await openRelease(join(folder, 'out'), 'you')
afterAll(async () => {
  await Promise.all(release.map(({ layout }) => layout.close()))
  await rm(folder, { recursive: true })
})

const layouts = release.map(({ layout }) => layout)
const contract = await loadContract(undefined)
const lock = await loadLock(join(folder, 'lock.json'))
const GREEN = greenReport(
  layouts.map(({ variant, folder: place, installer, assets }) => ({
    reference: `oci:${place}`,
    digest: installer.descriptor.digest,
    assetsDigest: assets.descriptor.digest,
    variant,
  })),
  { contract: contract.sha256, lock: lock?.sha256 ?? '', value: contract.value },
)
/** Over in half a year, whenever the test runs. */
const WAIVER = {
  id: 'EXT-015',
  expires: new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10),
  reason: 'upstream fixes it in the next release',
}

async function gate(report: Conformance, force = false, variants = layouts.length) {
  if (lock === undefined) throw new Error('no lock')
  const path = join(folder, 'report.json')
  await writeFile(path, JSON.stringify(report))
  const ruleIndex = await loadRuleIndex()
  return readGate({ path, force, layouts: layouts.slice(0, variants), contract, lock, ruleIndex })
}

const WRONG: readonly (readonly [string, (green: Conformance) => Conformance, RegExp])[] = [
  ['whose rule is red', (green) => withRule(green, 'KRN-001', { status: 'fail' }), /has red KRN-001 fail/],
  [
    'whose every rule is red, and its exit status is not',
    (green) => ({
      ...green,
      candidates: green.candidates.map((one) => ({
        ...one,
        rules: one.rules.map((rule) => ({ ...rule, status: 'fail' as const })),
      })),
    }),
    /is not green for spin-only sha256:[\da-f]+: it has red OCI-001 fail, .* and \d+ more/,
  ],
  [
    'without rules',
    (green) => ({ ...green, candidates: green.candidates.map((one) => ({ ...one, rules: [] })) }),
    /is not green for spin-only sha256:[\da-f]+: it lacks OCI-001, /,
  ],
  [
    'that lacks a rule',
    (green) => ({
      ...green,
      candidates: green.candidates.map((one) => ({
        ...one,
        rules: one.rules.filter(({ id }) => id !== 'KRN-001'),
      })),
    }),
    /it lacks KRN-001[,;]/,
  ],
  [
    'that calls a must a should',
    (green) => withRule(green, 'KRN-001', { level: 'should', status: 'fail' }),
    /has red KRN-001 fail/,
  ],
  [
    'that says that a rule does not apply',
    (green) => withRule(green, 'KRN-001', { status: 'not-applicable' }),
    /did not judge KRN-001/,
  ],
  [
    'of a rule that could not be judged',
    (green) => withRule(green, 'KRN-001', { status: 'inconclusive' }),
    /has red KRN-001 inconclusive/,
  ],
  [
    'of an unknown rule',
    (green) => withRule(green, 'KRN-001', { id: 'XYZ-001' }),
    /knows rules that are none today: XYZ-001/,
  ],
  ['that lists a rule twice', (green) => withRule(green, 'KRN-002', { id: 'KRN-001' }), /lists twice KRN-001/],
  [
    'of a rule that said something else',
    (green) => withRule(green, 'KRN-001', { sentence: 'the kernel is there' }),
    /judges by another wording: KRN-001/,
  ],
  [
    'whose exit status is not that of its rules',
    (green) => ({ ...green, candidates: green.candidates.map((one) => ({ ...one, exitCode: 1 })) }),
    /says exit 1, its rules give 0/,
  ],
  [
    'of a run that went wrong',
    (green) => ({ ...green, runErrors: ['specs/x.spec.ts did not load'] }),
    /run that went wrong: specs\/x\.spec\.ts did not load/,
  ],
  ['by another version of the rules', (green) => ({ ...green, rules: '0.1.9' }), /is by the rules 0\.1\.9, these are /],
  [
    'by another version of the suite',
    (green) => ({ ...green, tool: { ...green.tool, version: '0.0.9' } }),
    /is by talos-image-contract 0\.0\.9, this is /,
  ],
  ['by another suite', (green) => ({ ...green, tool: { ...green.tool, name: 'another' } }), /is by another \d/],
  [
    'as another variant',
    (green) => ({ ...green, candidates: green.candidates.map((one) => ({ ...one, variant: 'spin-tailscale' })) }),
    /judges sha256:[\da-f]+ as another variant than spin-only/,
  ],
  [
    'that waives what must not be waived',
    (green) => withRule(green, 'KRN-003', { status: 'waived', waivers: [{ ...WAIVER, id: 'KRN-003' }] }),
    /waives what it must not: KRN-003/,
  ],
  [
    'that waives by nothing',
    (green) => withRule(green, 'EXT-015', { status: 'waived' }),
    /waives what it must not: EXT-015/,
  ],
  [
    'that waives by another rule’s waiver',
    (green) => withRule(green, 'EXT-015', { status: 'waived', waivers: [{ ...WAIVER, id: 'EXT-016' }] }),
    /waives what it must not: EXT-015/,
  ],
  [
    'whose waiver is over',
    (green) => withRule(green, 'EXT-015', { status: 'waived', waivers: [{ ...WAIVER, expires: '2026-01-31' }] }),
    /waives what it must not: EXT-015/,
  ],
  [
    'whose waiver has no end in sight',
    (green) => withRule(green, 'EXT-015', { status: 'waived', waivers: [{ ...WAIVER, expires: '9999-01-31' }] }),
    /waives what it must not: EXT-015/,
  ],
  [
    'whose release is red',
    (green) => withRule(green, 'REL-001', { status: 'fail' }),
    /not green for spin-only and spin-tailscale together: it has red REL-001 fail/,
  ],
  [
    'of other bytes',
    (green) => ({
      ...green,
      candidates: green.candidates.map((one) => ({ ...one, digest: `sha256:${'0'.repeat(64)}` })),
    }),
    /does not judge the whole of spin-only/,
  ],
  [
    'of another asset image',
    (green) => ({ ...green, candidates: green.candidates.map((one) => ({ ...one, assetsDigest: undefined })) }),
    /does not judge the asset image of spin-only sha256:/,
  ],
  [
    'of one target',
    (green) => ({ ...green, candidates: green.candidates.map((one) => ({ ...one, targets: ['image'] })) }),
    /does not judge the whole of/,
  ],
  ['of some rules', (green) => ({ ...green, selected: ['OCI-001'] }), /some of the rules only/],
  [
    'by another contract',
    (green) => ({ ...green, contract: { ...green.contract, sha256: '0'.repeat(64) } }),
    /by another contract/,
  ],
  ['by another lock', (green) => ({ ...green, lock: { path: 'x', sha256: '0'.repeat(64) } }), /by another lock/],
  ['without a lock', (green) => ({ ...green, lock: undefined }), /by another lock/],
  [
    'without the release',
    (green) => ({ ...green, candidates: green.candidates.slice(0, 2) }),
    /not green for spin-only and spin-tailscale together/,
  ],
]

describe('readGate', () => {
  it('takes a report whose rules are green', async () => {
    expect(await gate(GREEN)).toMatchObject({ verdict: 'conforms', forced: false, waived: [] })
    expect(await gate(GREEN, true)).toMatchObject({ verdict: 'conforms', forced: false })
  })

  it('takes a should that fails, and no must', async () => {
    expect(await gate(withRule(GREEN, 'EXT-016', { status: 'fail' }))).toMatchObject({ verdict: 'conforms' })
  })

  it('names what is waived, and never says plainly that it conforms', async () => {
    const waived = withRule(GREEN, 'EXT-015', { status: 'waived', waivers: [WAIVER] })
    const { expires, reason } = WAIVER
    expect(await gate(waived)).toMatchObject({
      verdict: `conforms, 1 waived (EXT-015 until ${expires})`,
      waived: [{ rule: 'EXT-015', expires, reason }],
    })
  })

  it('asks for the release only where all variants are published', async () => {
    expect(await gate({ ...GREEN, candidates: GREEN.candidates.slice(0, 1) }, false, 1)).toMatchObject({
      forced: false,
    })
  })

  it.each(WRONG)('refuses a verdict %s, unless forced', async (_, change, message) => {
    const error = await gate(change(GREEN)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RefusedError)
    expect((error as Error).message).toMatch(message)
    expect(await gate(change(GREEN), true)).toMatchObject({ forced: true, verdict: expect.stringMatching(message) })
  })
})
