import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../testing/sample-conformance.ts'
import { madeHostile, pairConformance } from '../../testing/sample-outputs.ts'
import type { Conformance, RuleVerdict } from '../verdict/conformance.ts'
import { renderSarif } from './sarif.ts'

type Result = {
  readonly ruleId: string
  readonly kind?: string
  readonly level?: string
  readonly message: { readonly text: string }
} & Readonly<Record<'locations' | 'suppressions' | 'partialFingerprints', unknown>>
type Run = { readonly results: readonly Result[]; readonly invocations: readonly unknown[] }

function located(uri: string): object {
  return { physicalLocation: { artifactLocation: { uri } } }
}

function runsOf(conformance: Conformance): readonly Run[] {
  return (JSON.parse(renderSarif(conformance)) as { readonly runs: readonly Run[] }).runs
}

function resultsOf(rule: RuleVerdict, variant = 'spin-only'): readonly Result[] {
  const candidates = [{ ...sampleCandidate, variant, rules: [rule] }]
  return runsOf({ ...sampleConformance, candidates })[0]?.results ?? []
}

/** 3.4.3 and RFC 3986: what we write are references relative to the run's base. */
const URI_REFERENCE = /^(?!\/)(?:[-A-Za-z0-9._~!$&'()*+,;=@/]|%[0-9A-F]{2})+$/
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/

describe('renderSarif', async () => {
  const schema = JSON.parse(await readFile(new URL('sarif-2.1.0.schema.json', import.meta.url), 'utf8')) as object
  const formats = { uri: (text: string) => URL.canParse(text), 'uri-reference': URI_REFERENCE, 'date-time': DATE_TIME }
  const validate = new Ajv({ allErrors: true, formats }).compile(schema)

  it.each([
    ['two variants', pairConformance],
    ['hostile texts', madeHostile(pairConformance)],
    ['no candidate', { ...sampleConformance, candidates: [] }],
  ])('holds to the schema: %s', (_, conformance) => {
    validate(JSON.parse(renderSarif(conformance)))
    expect(validate.errors).toBeNull()
  })

  it.each<[string, (result: Record<string, unknown>) => void]>([
    ['a level of its own', (result) => (result['level'] = 'fatal')],
    ['a member of its own', (result) => (result['severity'] = 'high')],
    ['no message', (result) => delete result['message']],
    ['an absolute path', (result) => (result['locations'] = [located('/etc/passwd')])],
    ['a rule by a negative index', (result) => (result['ruleIndex'] = -2)],
  ])('has a schema that refuses %s', (_, damage) => {
    const document = JSON.parse(renderSarif(pairConformance)) as { runs: { results: Record<string, unknown>[] }[] }
    damage(document.runs[0]!.results[0]!)
    expect(validate(document)).toBe(false)
  })

  it('gives a level to failures alone (3.27.10)', () => {
    const results = runsOf(pairConformance).flatMap((run) => run.results)
    const others = results.filter(({ kind }) => kind !== undefined && kind !== 'fail')
    expect(others.length).toBeGreaterThan(0)
    expect(others.every(({ level }) => level === 'none')).toBe(true)
  })

  it('has a run for each candidate, which says how it ended', () => {
    const runs = runsOf(pairConformance)
    expect(runs.map(({ results }) => results.map(({ ruleId }) => ruleId))).toEqual([
      ['UKI-001', 'UKI-001', 'KRN-001', 'KRN-002', 'EXT-001', 'INI-002'],
      [],
    ])
    expect(runs[0]?.invocations).toEqual([
      {
        executionSuccessful: false,
        exitCode: 1,
        toolExecutionNotifications: [{ level: 'error', message: { text: 'specs/x.spec.ts did not load: no' } }],
      },
    ])
  })

  it.each([
    ['/etc/node.yaml', 'file:///etc/node.yaml'],
    ['../node 1.yaml', pathToFileURL('../node 1.yaml').href],
    [resolve('nodes/worker.yaml'), 'nodes/worker.yaml'],
    ['./nodes/../worker.yaml', 'worker.yaml'],
  ])('points at the machine configuration %s where it is', (path, uri) => {
    const finding = { part: 'config', where: { path, line: 1, column: 1 }, message: 'x' } as const
    const [result] = resultsOf(sampleRule('CFG-003', 'fail', { findings: [finding] }))
    expect(result?.locations).toMatchObject([{ physicalLocation: { artifactLocation: { uri } } }])
  })

  it.each([
    ['docker-archive:/srv/image.tar', '/srv/image.tar!x/y z', 'file:///srv/image.tar!x/y%20z'],
    ['oci:/srv/out:v1', '/srv/out!x', 'file:///srv/out!x'],
    ['oci:out', '/etc/passwd', 'etc/passwd'],
    ['ghcr.io/you/image:v1', '/etc/passwd', 'etc/passwd'],
  ])('keeps the first slash of a path on this machine: %s, %s', (reference, path, uri) => {
    const rules = [sampleRule('UKI-001', 'fail', { findings: [{ part: 'installer', where: { path }, message: 'x' }] })]
    const [run] = runsOf({ ...sampleConformance, candidates: [{ ...sampleCandidate, reference, rules }] })
    expect(run?.results[0]?.locations).toMatchObject([{ physicalLocation: { artifactLocation: { uri } } }])
  })

  it('points at the line of a machine configuration, a file of its own', () => {
    const where = { path: 'nodes/worker.yaml', line: 46, column: 19 }
    const finding = { part: 'config', where, message: 'x' } as const
    const [result] = resultsOf(sampleRule('CFG-003', 'fail', { findings: [finding] }))
    expect(result?.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: 'nodes/worker.yaml' },
          region: { startLine: 46, startColumn: 19 },
        },
        logicalLocations: [{ fullyQualifiedName: 'nodes/worker.yaml:46:19', kind: 'resource' }],
      },
    ])
    const rules = [sampleRule('CFG-003', 'fail', { findings: [finding] })]
    validate(JSON.parse(renderSarif({ ...sampleConformance, candidates: [{ ...sampleCandidate, rules }] })))
    expect(validate.errors).toBeNull()
  })

  it('reports where, expected, got and fix of a failure', () => {
    const [result] = resultsOf(sampleRule('UKI-001', 'fail', { findings: [sampleFinding] }))
    expect(result?.message.text).toBe(
      'UKI-001 holds\nwhere: initramfs offset 0x40\nexpected: v1.11.5\ngot: v1.13.9\nfix: repair UKI-001',
    )
    expect(result?.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: 'initramfs', uriBaseId: 'CANDIDATE' },
          region: { startLine: 1, byteOffset: 64 },
        },
        logicalLocations: [{ fullyQualifiedName: 'initramfs offset 0x40', kind: 'resource' }],
      },
    ])
  })

  it.each([
    ['must', 'fail', 'error', undefined],
    ['should', 'fail', 'warning', undefined],
    ['must', 'waived', 'error', undefined],
    ['must', 'missing', 'none', 'open'],
    ['should', 'inconclusive', 'none', 'open'],
    ['must', 'blocked', 'none', 'open'],
  ] as const)('gives a %s that is %s the level %s', (level, status, shown, kind) => {
    const [result] = resultsOf(sampleRule('UKI-001', status, { level }))
    expect([result?.level, result?.kind]).toEqual([shown, kind])
  })

  it('suppresses what is waived, and says why', () => {
    const [result] = resultsOf(sampleRule('UKI-001', 'waived', { reason: 'until 2027' }))
    expect(result?.suppressions).toEqual([{ kind: 'external', justification: 'until 2027' }])
  })

  it('knows a finding again, and another from it', () => {
    const mark = (variant: string, path: string): unknown =>
      resultsOf(sampleRule('UKI-001', 'fail', { findings: [{ ...sampleFinding, where: { path } }] }), variant)[0]
        ?.partialFingerprints
    expect(mark('spin-only', 'a')).toEqual(mark('spin-only', 'a'))
    expect(mark('spin-only', 'a')).not.toEqual(mark('spin-only', 'b'))
    expect(mark('spin-only', 'a')).not.toEqual(mark('spin-tailscale', 'a'))
  })

  it.each([
    ['usr/a b!c', 'usr/a%20b!c'],
    ['../../etc/passwd', 'etc/passwd'],
    ['/a//b', 'a/b'],
    ['javascript:alert(1)', 'javascript%3Aalert(1)'],
    ['..', '_'],
  ])('points from %s to %s', (path, uri) => {
    const [result] = resultsOf(sampleRule('UKI-001', 'fail', { findings: [{ ...sampleFinding, where: { path } }] }))
    expect(result?.locations).toMatchObject([{ physicalLocation: { artifactLocation: { uri } } }])
  })
})
