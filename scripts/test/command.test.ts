// The verdict as a person meets it, on the images of upstream's own imager; two of them by a process of its own.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, it } from 'vitest'
import { conformanceSchema, type Conformance } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { schemaPath } from '../schema/documents.ts'
import { judgeHere } from '../testing/run-command.ts'
import { runConform, type Outcome } from '../testing/run-script.ts'

/** An idle machine takes two seconds for one image. */
const PATIENCE_MS = 240_000
const ESCAPE = '\u{1b}'

const folder = await mkdtemp(join(tmpdir(), 'conform-'))
const cache = join(folder, 'cache')
const reportPath = join(folder, 'report', 'conformance.json')
afterAll(() => rm(folder, { recursive: true }))

/** With a cache and a report of its own. */
function conform(
  args: readonly string[] = [],
  judge: (args: readonly string[]) => Promise<Outcome> = judgeHere,
): Promise<Outcome> {
  return judge(['--cache', cache, '--report', reportPath, ...args])
}

const golden = (name: string): string => `docker-archive:fixtures/golden/${name}/installer-arm64.tar`
const lockOf = (tag: string): readonly string[] => ['--lock', `fixtures/golden/lock-${tag}.json`]
const SPIN_TAILSCALE = golden('v1.11.5-spin-tailscale')
/** The options for imager's images, of which only the choice of extensions is ours. */
const AS_INSTALLER = ['--variant=spin-tailscale', '--target=installer']

async function readReport(): Promise<Conformance> {
  return conformanceSchema.parse(JSON.parse(await readFile(reportPath, 'utf8')))
}

/** Ids of one status, candidate by candidate. */
function idsOf({ candidates }: Conformance, status: string): readonly (readonly string[])[] {
  return candidates.map(({ rules }) => rules.filter((rule) => rule.status === status).map((rule) => rule.id))
}

describe('npm test', { timeout: PATIENCE_MS }, () => {
  it('is green for an image that is what it must be, and leaves nothing in its cache', async () => {
    const { status, stdout, stderr } = await conform(
      [SPIN_TAILSCALE, '--target=installer', '--variant=spin-tailscale', ...lockOf('v1.11.5')],
      runConform,
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^GREEN: 1 candidate: \d+ pass[^\n]*, lock v1\.11\.5; [^\n]+\n$/m)
    expect(stdout).not.toContain(ESCAPE)
    const files = await readdir(cache, { recursive: true, withFileTypes: true }).catch(() => [])
    expect(files.filter((file) => file.isFile())).toEqual([])
  })

  it('judges images without labels together, each as the variant that is given for it', async () => {
    const [own, other] = [golden('v1.11.5-spin-only'), SPIN_TAILSCALE]
    const judge = (...variants: readonly string[]): Promise<Outcome> =>
      conform([own, other, '--target=installer', ...variants, ...lockOf('v1.11.5')])
    const right = await judge(`--variant=${own}=spin-only`, `--variant=${other}=spin-tailscale`)
    expect(right).toMatchObject({ status: 0, stderr: '' })
    expect((await readReport()).candidates.slice(0, 2).map(({ variant }) => variant)).toEqual([
      'spin-only',
      'spin-tailscale',
    ])
    const { status } = await judge(`--variant=${own}=spin-tailscale`, `--variant=${other}=spin-only`)
    expect(status).toBe(1)
    expect(idsOf(await readReport(), 'fail').slice(0, 2)).toEqual([
      expect.arrayContaining(['EXT-002']),
      expect.arrayContaining(['EXT-002']),
    ])
  })

  it('names exactly the rule that an image of another variant breaks, and prints the report with --json', async () => {
    const images = [golden('v1.11.5-plain'), golden('v1.11.5-spin-only'), SPIN_TAILSCALE]
    const { status, stdout, stderr } = await conform([
      ...images,
      '--target=installer',
      '--variant=spin-only',
      '--json',
      ...lockOf('v1.11.5'),
    ])
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    expect(stdout).toBe(await readFile(reportPath, 'utf8'))
    const validate = new Ajv2020().compile(
      JSON.parse(await readFile(join(ROOT, schemaPath('report')), 'utf8')) as object,
    )
    validate(JSON.parse(stdout))
    expect(validate.errors).toBeNull()
    const report = await readReport()
    const [plain, own, other] = idsOf(report, 'fail')
    expect([plain, own]).toEqual([['EXT-002'], []])
    expect(other).toContain('EXT-002')
    expect(report.candidates.map((candidate) => [candidate.reference, candidate.exitCode])).toEqual(
      images.map((image, index) => [image, index === 1 ? 0 : 1]),
    )
  })

  it('distinguishes an image of another Talos release and one of the release that the lock pins', async () => {
    const { status, stdout } = await conform([
      SPIN_TAILSCALE,
      golden('v1.13.9-spin-tailscale'),
      '--target=installer',
      '--variant=spin-tailscale',
      ...lockOf('v1.13.9'),
    ])
    expect(status).toBe(1)
    const report = await readReport()
    const [failed = []] = idsOf(report, 'fail')
    expect(failed).toEqual(expect.arrayContaining(['OCI-007', 'UKI-003', 'KRN-003', 'KRN-005', 'INI-002']))
    expect(report.candidates.map(({ exitCode }) => exitCode)).toEqual([1, 0])
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^RED: 2 candidates: .* fail \(OCI-007, .*KRN-005.*\), /)
    expect(stdout).toContain('FAIL KRN-003 ')
  })

  it('is not green with a lock that says nothing, and names the command that fills it', async () => {
    const lock = join(folder, 'empty.json')
    await writeFile(lock, '{"schema":2}')
    const { status, stdout } = await conform([SPIN_TAILSCALE, ...AS_INSTALLER, '--lock', lock])
    expect(status).toBe(2)
    expect(stdout).toContain(`  npx talos-image lock --talos v1.11.5 --lock ${lock}\n`)
    expect(idsOf(await readReport(), 'fail')).toEqual([[]])
  })

  it('judges the structure alone under a banner', async () => {
    const { status, stdout } = await conform([SPIN_TAILSCALE, ...AS_INSTALLER, '--structure-only'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^NOT PINNED: /m)
    const report = await readReport()
    expect([idsOf(report, 'fail'), idsOf(report, 'inconclusive'), report.lock]).toEqual([[[]], [[]], undefined])
    expect(idsOf(report, 'not-applicable')[0]).toContain('KRN-005')
  })

  it('runs an area with what it needs, and nothing else', async () => {
    const { status } = await conform([SPIN_TAILSCALE, '--variant=spin-tailscale', '--only=KRN', ...lockOf('v1.11.5')])
    expect(status).toBe(0)
    const report = await readReport()
    const ids = report.candidates.flatMap(({ rules }) => rules.map((rule) => rule.id))
    expect(report.selected).toEqual(ids)
    expect(ids).toEqual(expect.arrayContaining(['KRN-001', 'KRN-005', 'UKI-001', 'INS-001']))
    expect(ids.filter((id) => id === 'UKI-002' || id.startsWith('EXT-'))).toEqual([])
  })

  it('judges a machine configuration beside the image, by file, line and column', async () => {
    const config = 'fixtures/golden/machine-config/gateway-spin-tailscale-1.11.yaml'
    const judge = (...files: readonly string[]): Promise<Outcome> =>
      conform([
        SPIN_TAILSCALE,
        '--variant=spin-tailscale',
        '--target=config',
        ...lockOf('v1.11.5'),
        '--config',
        ...files,
      ])
    expect(await judge(config)).toMatchObject({ status: 0, stderr: '' })
    const right = await readReport()
    expect(right.candidates[0]).toMatchObject({ targets: ['config'], config: [{ path: config }] })
    expect(idsOf(right, 'fail')).toEqual([['CFG-007', 'CFG-008']])
    expect(idsOf(right, 'pass')[0]?.length).toBeGreaterThanOrEqual(8)
    const patch = join(folder, 'patch.yaml')
    await writeFile(patch, 'machine:\n  install:\n    image: registry.example.com/spin-only:latest\n')
    const { status, stdout } = await judge(config, patch)
    expect(status).toBe(1)
    expect(stdout).toContain(`\n  where     ${patch}:3:12\n  found     the install image is of spin-only\n`)
    expect(stdout).toMatch(/^NOTE CFG-006 /m)
    const [wrong] = (await readReport()).candidates
    const findings = wrong?.rules.find(({ id }) => id === 'CFG-004')?.findings ?? []
    expect(findings.map(({ part, where }) => [part, where])).toEqual([
      ['config', { path: patch, line: 3, column: 12 }],
      ['config', { path: patch, line: 3, column: 12 }],
    ])
  })

  it('judges a machine configuration alone where there is no image', async () => {
    const config = 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml'
    const { status, stdout, stderr } = await conform(['--config', config, '--variant=spin-only'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^GREEN: 1 candidate: \d+ pass/m)
    const { candidates } = await readReport()
    expect(candidates).toHaveLength(1)
    expect(candidates[0]).toMatchObject({ reference: config, variant: 'spin-only', targets: ['config'] })
    expect(candidates[0]?.rules.filter(({ id }) => !id.startsWith('CFG-'))).toEqual([])
  })

  it('builds both variants when it is given none, and judges them as a release', async () => {
    const { status, stdout } = await conform()
    expect(status).toBe(0)
    const report = await readReport()
    expect(report.candidates.map(({ variant }) => variant)).toEqual([
      'spin-only',
      'spin-tailscale',
      'spin-only and spin-tailscale',
    ])
    expect(idsOf(report, 'pass')[2]).toEqual(['REL-001', 'REL-002', 'REL-003'])
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^GREEN: 2 candidates and their release: \d+ pass/)
  })

  it('does not take a report that it cannot write for a red image', async () => {
    const args = ['--variant=spin-tailscale', '--structure-only', '--only=OCI-001', '--report', 'package.json/x']
    const { status, stdout, stderr } = await conform([SPIN_TAILSCALE, ...args])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: the report package\.json\/x cannot be written: [^\n]+\n$/)
  })

  it('explains itself', async () => {
    const { status, stdout, stderr } = await conform(['--help'], runConform)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: npm test -- \[options\] \[REFERENCE\.\.\.\]\n/)
    expect(stdout).not.toContain(ESCAPE)
  })

  it.each([
    ['an image of no known variant', [golden('v1.11.5-plain')], /no label .* --variant/],
    ['a reference that is not there', ['oci:absent', '--variant', 'spin-only'], /^error: oci:absent: .* got nothing/],
  ])('refuses %s with one sentence and 2', async (_, args, message) => {
    const { status, stdout, stderr } = await conform(args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(stderr).toMatch(message)
  })
})
