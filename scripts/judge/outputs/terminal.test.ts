import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../testing/sample-conformance.ts'
import type { Conformance, RuleVerdict } from '../verdict/conformance.ts'
import { renderTerminal } from './terminal.ts'

const ESCAPE = '\u{1b}'

/** A stream as `styleText` asks about it. */
function streamOf(isTTY: boolean): NodeJS.WritableStream {
  return Object.assign(new PassThrough(), { isTTY, getColorDepth: () => 4 })
}

const render = (conformance: Conformance = sampleConformance): string =>
  renderTerminal(conformance, streamOf(false), 'report/conformance.json')

const withRules = (rules: readonly RuleVerdict[], more: Partial<Conformance> = {}): Conformance => ({
  ...sampleConformance,
  candidates: [{ ...sampleCandidate, rules }],
  ...more,
})

describe('renderTerminal', () => {
  beforeEach(() => {
    for (const name of ['FORCE_COLOR', 'NO_COLOR', 'NODE_DISABLE_COLORS']) vi.stubEnv(name, undefined)
    return () => vi.unstubAllEnvs()
  })

  it('begins with what was judged', () => {
    expect(render()).toMatch(/^docker-archive:installer-arm64\.tar as spin-only\nsha256:1{64}\n\narea /)
  })

  it('names the files of the user that were found', () => {
    const files = {
      contract: { path: '../talos-image.yaml', sha256: '2'.repeat(64), reference: 'ghcr.io/x/talos' },
      lock: { path: '../talos-image.lock.json', sha256: '3'.repeat(64), talos: 'v1.13.9' },
      waivers: { path: '../waivers.yaml', sha256: '4'.repeat(64) },
    }
    const finding = { part: 'installer', message: 'the lock has no reference', code: 'FACT_ABSENT' } as const
    const text = render(withRules([sampleRule('REL-005', 'inconclusive', { findings: [finding] })], files))
    expect(text).toMatch(
      /^contract \.\.\/talos-image\.yaml, lock \.\.\/talos-image\.lock\.json, waivers \.\.\/waivers\.yaml\n/,
    )
    expect(text).toContain(
      '\n  npx talos-image lock --talos v1.13.9 --contract ../talos-image.yaml --lock ../talos-image.lock.json --reference ghcr.io/x/talos:v1.13.9\n',
    )
  })

  it('counts the verdicts of each area', () => {
    const [head, ...rows] = render().split('\n').slice(3, 10)
    expect(head?.trim().split(/ +/)).toEqual([
      'area',
      'pass',
      'fail',
      'inconclusive',
      'blocked',
      'missing',
      'waived',
      'not-applicable',
    ])
    expect(rows.map((row) => row.trim().split(/ +/))).toEqual([
      ['OCI', '2', '·', '·', '·', '·', '·', '·'],
      ['UKI', '·', '1', '·', '·', '·', '·', '·'],
      ['KRN', '·', '·', '·', '1', '1', '·', '·'],
      ['EXT', '·', '·', '·', '·', '·', '1', '·'],
      ['AST', '·', '·', '·', '·', '·', '·', '1'],
      ['INI', '·', '·', '1', '·', '·', '·', '·'],
    ])
  })

  it('says of a failure where it is, what was expected, and how to repair it', () => {
    expect(render()).toContain(
      [
        'FAIL UKI-001 UKI-001 holds',
        '  where     initramfs offset 0x40',
        '  expected  v1.11.5',
        '  got       v1.13.9',
        '  fix       repair UKI-001',
        '  blocks    KRN-001',
        '',
      ].join('\n'),
    )
  })

  it('reports the message of an error that a reader gave', () => {
    const finding = { part: 'installer', message: 'cpio: expected 070701, got 0', code: 'BAD_MAGIC' } as const
    expect(render(withRules([sampleRule('INI-001', 'fail', { findings: [finding] })]))).toContain(
      '  found     cpio: expected 070701, got 0\n  fix       repair INI-001\n',
    )
  })

  it('reports notes of a rule that passes', () => {
    const where = { path: 'worker.yaml', line: 4, column: 10 }
    const notes = [{ part: 'config', where, message: 'keys are in the file' }] as const
    expect(render(withRules([sampleRule('CFG-006', 'pass', { notes })]))).toContain(
      '\nNOTE CFG-006 CFG-006 holds\n  where     worker.yaml:4:10\n  found     keys are in the file\n\n',
    )
  })

  it('says why a rule is blocked, missing or inconclusive, and proposes no fix for it', () => {
    const text = render()
    expect(text).toContain('  fix       repair UKI-001\n  blocks    KRN-001\n\n')
    expect(text).not.toContain('BLOCKED')
    expect(text).toContain('MISSING KRN-002 KRN-002 holds\n  because   no test ran for this rule\n\n')
    expect(text).toContain('INCONCLUSIVE INI-002 INI-002 holds\n  because   the lock has no baseInitramfs\n\n')
    expect(text.match(/ {2}fix /g)).toHaveLength(1)
  })

  it('explains no rule that passed or does not apply, and lists what is waived', () => {
    expect(render()).not.toMatch(/(OCI-001|AST-001) holds/)
    expect(render()).toContain('WAIVED EXT-001 EXT-001 holds\n  because   until 2027\n\n')
  })

  it('names what is blocked below its cause in the end, and by itself where no cause is shown', () => {
    const blocked = (id: string, by: string) => sampleRule(id, 'blocked', { reason: `blocked: ${by} failed` })
    const fails = sampleRule('OCI-004', 'fail', { findings: [sampleFinding] })
    const should = { ...blocked('REL-011', 'EXT-023'), level: 'should' } as const
    const text = render(withRules([fails, blocked('EXT-021', 'EXT-023'), blocked('EXT-023', 'OCI-004'), should]))
    expect(text).toContain('  blocks    EXT-021, EXT-023, REL-011 (should)\n')
    const circle = render(withRules([blocked('EXT-021', 'EXT-023'), blocked('EXT-023', 'EXT-021')]))
    expect(circle.match(/^BLOCKED /gm)).toHaveLength(2)
    expect(render(withRules([blocked('EXT-021', 'EXT-999')]))).toContain('BLOCKED EXT-021')
  })

  it('names the command that explains what fails, once', () => {
    const text = render({ ...sampleConformance, candidates: [sampleCandidate, sampleCandidate] })
    expect(text.match(/talos-image explain/g)).toHaveLength(1)
    expect(text).toContain('\nwhy each matters, and what breaks it: npx talos-image explain UKI-001\n')
    expect(render(withRules([sampleRule('OCI-001', 'pass')]))).not.toContain('explain')
  })

  it('breaks lines at the width of a terminal, and none in a pipe', () => {
    const long = sampleRule('UKI-001', 'fail', {
      fix: 'do this word by word '.repeat(20).trim(),
      findings: [sampleFinding],
    })
    const narrow = Object.assign(streamOf(true), { columns: 70 })
    const lines = stripVTControlCharacters(renderTerminal(withRules([long]), narrow, 'r.json')).split('\n')
    // A digest has 71 characters, and no blank.
    const isWhole = (line: string): boolean => line.startsWith('sha256:')
    expect(lines.filter((line) => line.length > 70 && !isWhole(line))).toEqual([])
    expect(lines.filter((line) => line.startsWith(' '.repeat(12)) && line.includes('word')).length).toBeGreaterThan(4)
    expect(render(withRules([long]))).toContain(`  fix       ${long.fix}\n`)
  })

  it('marks a should', () => {
    const text = render(withRules([sampleRule('UKI-009', 'fail', { level: 'should', findings: [sampleFinding] })]))
    expect(text).toContain('FAIL UKI-009 (should) UKI-009 holds')
  })

  it('gives the command that fills the lock, for the version of the lock or else of the image', () => {
    expect(render()).toContain(
      'Facts are missing from lock.json; what fills it:\n  npx talos-image lock --talos v1.11.5 --lock lock.json\n',
    )
    const lock = { path: 'lock.json', sha256: '3'.repeat(64), talos: 'v1.13.9' }
    expect(render({ ...sampleConformance, lock })).toContain('npx talos-image lock --talos v1.13.9 --lock lock.json\n')
    const unknown = [{ ...sampleCandidate, claimedTalos: undefined }]
    expect(render({ ...sampleConformance, candidates: unknown })).toContain(
      'npx talos-image lock --talos vX.Y.Z --lock lock.json\n',
    )
  })

  it('says that the contract must admit the release first, where it does not', () => {
    const refused = sampleRule('REL-006', 'fail', { findings: [sampleFinding] })
    const { rules } = sampleCandidate
    expect(
      render({ ...sampleConformance, candidates: [{ ...sampleCandidate, rules: [...rules, refused] }] }),
    ).toContain(`what fills it, once \`talos\` of ${sampleConformance.contract.path} admits the image’s release:\n`)
  })

  it('gives no such command when no fact is missing', () => {
    expect(render(withRules([sampleRule('OCI-001', 'pass')]))).not.toContain('talos-image lock')
  })

  it('says when nothing was compared', () => {
    expect(render()).not.toContain('NOT PINNED')
    expect(render({ ...sampleConformance, pinned: false })).toContain('\nNOT PINNED: nothing was compared')
  })

  it.each([
    [
      1,
      'RED: 1 candidate: 1 pass, 1 fail (UKI-001); target installer; rules 1.2.3, lock without a version; report/conformance.json',
    ],
    [2, 'INCONCLUSIVE: 1 candidate: 1 pass, 1 fail (UKI-001); '],
    [0, 'GREEN: 1 candidate: 1 pass, 1 fail (UKI-001); '],
  ])('ends with one line for the exit status %i', (exitCode, line) => {
    const rules = [sampleRule('OCI-001', 'pass'), sampleRule('UKI-001', 'fail')]
    const counts = { ...sampleConformance.counts, inconclusive: 0, blocked: 0, missing: 0, waived: 0 }
    const text = render(withRules(rules, { exitCode, counts: { ...counts, pass: 1, 'not-applicable': 0 } }))
    expect(text.split('\n').at(-1)).toBe('')
    expect(text.split('\n').at(-2)).toContain(line)
  })

  it('names in its last line all that may have made it green', () => {
    const waivers = [{ id: 'EXT-008', expires: '2027-01-31', reason: 'upstream ships it so' }]
    const waived = sampleRule('EXT-008', 'waived', { waivers })
    const text = render({
      ...withRules([sampleRule('OCI-001', 'pass'), waived], { exitCode: 0 }),
      only: ['OCI-001', 'EXT'],
      contract: { path: 'mine.yaml', sha256: '' },
      pinned: false,
    })
    const last = text.split('\n').at(-2)
    for (const part of [
      'GREEN, 1 waived (EXT-008 until 2027-01-31): ',
      '; only OCI-001, EXT; ',
      'contract mine.yaml',
      'not pinned',
    ])
      expect(last).toContain(part)
  })

  it('names a rule once that several candidates fail, and what went wrong beside the rules', () => {
    const text = render({ ...sampleConformance, candidates: [sampleCandidate, sampleCandidate] })
    expect(text).toContain('RED: 2 candidates: 2 pass, 1 fail (UKI-001), ')
    expect(text).toContain('run error: specs/x.spec.ts did not load: no\n')
  })

  it('colours for a terminal only', () => {
    expect(render()).not.toContain(ESCAPE)
    expect(renderTerminal(sampleConformance, streamOf(true), 'r.json')).toContain(`${ESCAPE}[31mRED`)
  })

  it('lets an image write nothing into the terminal', () => {
    const finding = { ...sampleFinding, where: { path: `a${ESCAPE}[2J`, offset: 1 }, got: `b\u{9b}31m\u{202e}\r` }
    const text = render(withRules([sampleRule('UKI-001', 'fail', { findings: [finding] })]))
    expect(text).toContain('  where     a\\u{1b}[2J offset')
    expect(text).toContain('  got       b\\u{9b}31m\\u{202e}\\u{d}\n')
  })
})
