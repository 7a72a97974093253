import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readBaselineConfig, swap } from '#fixtures/counterexamples/config/valid.ts'
import { ROOT } from '../root.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { runCommand } from '../testing/run-command.ts'
import { lintConfig } from './main.ts'

const GOLDEN = join(ROOT, 'fixtures/golden/machine-config')
const WORKER = join(GOLDEN, 'worker-spin-only-1.11.yaml')
const GATEWAY = join(GOLDEN, 'gateway-spin-tailscale-1.11.yaml')

const folder = await mkdtemp(join(tmpdir(), 'lint-config-'))
const REPORT = join(folder, 'report.json')
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const { exit, ...said } = await runCommand(lintConfig, ['--report', REPORT, ...args])
  return { status: exit, ...said }
}

describe('npm run lint-config', { timeout: 240_000 }, async () => {
  const { config: worker } = await readBaselineConfig('worker-spin-only-1.11')
  const { config: gateway, patch = '' } = await readBaselineConfig('gateway-spin-tailscale-1.11')

  async function file(name: string, text: string | Uint8Array): Promise<string> {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }

  it('is green, with notes, for a right configuration', async () => {
    const { status, stdout, stderr } = await run(GATEWAY)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^NOTE CFG-006 /m)
    expect(stdout).toMatch(/^FAIL CFG-008 \(should\) /m)
    expect(stdout).not.toMatch(/^(FAIL CFG-\d+ (?!\(should\))|INCONCLUSIVE|BLOCKED)/m)
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^GREEN: 1 candidate: \d+ pass, 2 fail \(CFG-007, CFG-008\), 3 not-applicable; target config; rules \d/,
    )
  })

  it('reports id, sentence, place, expected, got and fix of what fails', async () => {
    const path = await file('drbd.yaml', swap('usermode_helper=disabled', 'usermode_helper=x')(worker))
    const { status, stdout } = await run(path)
    expect(status).toBe(1)
    expect(stdout)
      .toContain(`FAIL CFG-003 module drbd is loaded with usermode_helper=disabled where the variant has drbd
  where     ${path}:46:19
  found     module drbd is loaded with another usermode helper
  expected  usermode_helper=disabled
  got       usermode_helper=x
  fix       `)
    expect(stdout).toMatch(/\nRED: 1 candidate: .*1 fail \(CFG-003\)/)
  })

  it('blocks what needs a rule that fails', async () => {
    const { status, stdout } = await run(WORKER, '--variant', 'spin-tailscale')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^FAIL CFG-001 .*\n(?: .*\n)* {2}blocks {4}CFG-005, CFG-009,/m)
  })

  it('is inconclusive about a template', async () => {
    const path = await file('template.yaml', gateway.replace(/TS_ROUTES=.*/, 'TS_ROUTES=${ROUTES}'))
    const { status, stdout } = await run(path)
    expect(status).toBe(2)
    expect(stdout).toMatch(/^INCONCLUSIVE CFG-005 /m)
    expect(stdout).toMatch(/\nINCONCLUSIVE: 1 candidate: .*1 inconclusive/)
  })

  it.each([
    ['CFG-004', /image: .*/, 'image: ${IMAGE}'],
    ['CFG-009', /TS_HOSTNAME=.*/, 'TS_USERSPACE=${X}'],
  ])('is inconclusive about %s of a template, too', async (id, from, to) => {
    const path = await file(
      'template.yaml',
      gateway.replaceAll(/kubelet:\n +image: .*\n/g, 'kubelet:\n').replace(from, to),
    )
    const { status, stdout } = await run(path, '--variant', 'spin-tailscale')
    expect(status).toBe(2)
    expect(stdout).toMatch(new RegExp(`^INCONCLUSIVE ${id} `, 'm'))
  })

  it('merges patches and says in which file the value is', async () => {
    const pin = await file('pin.yaml', patch)
    const image = await file(
      'image.yaml',
      'machine:\n  install:\n    image: registry.example.com/spin-tailscale:latest\n',
    )
    const { status, stdout } = await run(GATEWAY, pin, image)
    expect(status).toBe(1)
    expect(stdout).toContain(`where     ${image}:3:12`)
    expect(stdout).not.toContain('CFG-008')
  })

  it('never prints a secret', async () => {
    const path = await file('secret.yaml', swap('${TS_AUTHKEY}', 'hunter2')(gateway))
    for (const args of [[path], [path, '--json']]) {
      const { status, stdout } = await run(...args)
      expect(status).toBe(1)
      expect(stdout).toContain('TS_AUTHKEY')
      expect(stdout).not.toContain('hunter2')
    }
  })

  it('gives the whole verdict as JSON', async () => {
    const { stdout } = await run(WORKER, '--json')
    expect(stdout).toBe(await readFile(REPORT, 'utf8'))
    const report = conformanceSchema.parse(JSON.parse(stdout))
    const [candidate] = report.candidates
    expect(report).toMatchObject({ schema: 2, exitCode: 0 })
    expect(candidate).toMatchObject({
      reference: WORKER,
      variant: 'spin-only',
      targets: ['config'],
      config: [{ path: WORKER }],
      exitCode: 0,
    })
    const rules = candidate?.rules ?? []
    expect(new Set(rules.map(({ status }) => status))).toEqual(new Set(['pass', 'not-applicable']))
    const outside = rules.filter(({ status }) => status === 'not-applicable').map(({ id }) => id)
    expect(outside).toEqual(expect.arrayContaining(['CFG-005', 'CFG-007', 'CFG-008', 'CFG-009', 'CFG-033']))
    expect(outside).not.toContain('CFG-004')
  })

  it('writes every format that npm test writes', async () => {
    const output = (format: string): string => join(folder, `verdict.${format}`)
    const formats = ['junit', 'markdown', 'sarif', 'html']
    const path = await file('drbd-output.yaml', swap('usermode_helper=disabled', 'usermode_helper=x')(worker))
    const { status } = await run(path, ...formats.flatMap((format) => ['--output', `${format}=${output(format)}`]))
    expect(status).toBe(1)
    for (const format of formats) expect(await readFile(output(format), 'utf8')).toContain('CFG-003')
    const sarif = JSON.parse(await readFile(output('sarif'), 'utf8')) as object
    expect(sarif).toMatchObject({
      runs: [{ results: [{ ruleId: 'CFG-003', locations: [{ physicalLocation: { region: { startLine: 46 } } }] }] }],
    })
  })

  it('writes an output to standard output, and what a person reads to standard error', async () => {
    const { status, stdout, stderr } = await run(WORKER, '--output', 'sarif=-')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ version: '2.1.0' })
    expect(stderr).toMatch(/^GREEN: /m)
  })

  it('judges only what it is asked to', async () => {
    const { status, stdout } = await run(WORKER, '--only', 'CFG-003', '--json')
    const [candidate] = conformanceSchema.parse(JSON.parse(stdout)).candidates
    expect([status, candidate?.rules.map(({ id }) => id)]).toEqual([0, ['CFG-003', 'CFG-064']])
    expect(await run(WORKER, '--only', 'CFG-999')).toMatchObject({ status: 2 })
    // No rule about an image is judged, and that is not green.
    expect(await run(WORKER, '--only', 'KRN-001')).toMatchObject({ status: 2 })
  })

  it('holds the version of the image against the lock', async () => {
    const lock = (talos: string) => file(`${talos}.json`, JSON.stringify({ schema: 2, talos }))
    expect(await run(WORKER, '--lock', await lock('v1.11.5'))).toMatchObject({ status: 0 })
    const { status, stdout } = await run(WORKER, '--lock', await lock('v1.11.6'))
    expect(status).toBe(1)
    expect(stdout).toMatch(/another Talos\n {2}expected {2}v1\.11\.6\n {2}got {7}v1\.11\.5\n/)
  })

  it.each<[string, string, string, RegExp]>([
    [
      'another kind of document',
      'y.yaml',
      'apiVersion: v1\nkind: Pod\n',
      /FAIL CFG-011 .*\n {2}where {5}.*y\.yaml:2:1\n/,
    ],
    ['a number', 'number.json', '7', /FAIL CFG-011 .*\n {2}where {5}.*number\.json:1:1\n/],
    ['a field of another shape', 'z.yaml', 'machine: {install: a}', /FAIL CFG-013 .*\n {2}where {5}.*z\.yaml:1:20\n/],
  ])('judges %s', async (_, name, text, message) => {
    const { status, stdout } = await run(WORKER, await file(name, text))
    expect(status).toBe(1)
    expect(stdout).toMatch(message)
  })

  it('holds the structure against the version that is asked for', async () => {
    const path = await file('module.yaml', 'apiVersion: v1alpha1\nkind: KernelModuleConfig\nname: nvme\n')
    expect(await run(WORKER, path)).toMatchObject({ status: 1 })
    const { status, stdout } = await run(WORKER, path, '--talos', 'v1.14.0')
    expect(stdout).not.toMatch(/CFG-01[1-4]/)
    expect(status).toBe(0)
  })

  it('keeps a terminal from what a file says', async () => {
    const path = await file(
      'escape.yaml',
      swap('spin-only:v1.11.5', 'spin-only\\e[2J:v1')(worker).replace(/image: (registry.*)/, 'image: "$1"'),
    )
    const { stdout } = await run(path, '--variant', 'spin-only')
    expect(stdout).toContain(String.raw`\u{1b}[2J`)
    expect(stdout).not.toContain('\u{1b}[2J')
  })

  it('finds a syntax error at its line, and judges nothing else of the file', async () => {
    const path = await file('y.yaml', 'machine:\n  type: worker\n bad: [\n')
    const { status, stdout } = await run(path, '--variant', 'spin-only', '--json')
    const [candidate] = conformanceSchema.parse(JSON.parse(stdout)).candidates
    const failed = candidate?.rules.filter(({ status: one }) => one === 'fail')
    expect([status, failed?.map(({ id }) => id)]).toEqual([1, ['CFG-064']])
    expect(failed?.[0]?.findings).toMatchObject([{ where: { path, line: 3 } }])
  })

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('FILE...') as string })
  })

  it.each<[string, () => Promise<readonly string[]>, RegExp]>([
    ['no file', async () => [], /missing required argument 'FILE'/],
    [
      'a file that is not there',
      async () => [join(folder, 'absent.yaml')],
      /absent\.yaml cannot be read: there is no such file$/m,
    ],
    ['a folder as a base', async () => [WORKER, '--base', folder], /cannot be read: it is a folder$/m],
    [
      'a file that is too big',
      async () => [await file('big.yaml', new Uint8Array((8 << 20) + 1))],
      /has 8388609 bytes/,
    ],
    [
      'a syntax error where nothing names the variant',
      async () => [await file('x.yaml', 'ä: 1\nb: [1\n')],
      /x\.yaml:3:1: the file is no YAML/,
    ],
    ['an unknown version', async () => [WORKER, '--talos', 'v1.9.0'], /1\.11 to 1\.14 as --talos, got v1\.9\.0/],
    [
      'an unknown variant',
      async () => [WORKER, '--variant', 'x'],
      /unknown variant x; defined: spin-only, spin-tailscale/,
    ],
    ['no variant', async () => [await file('w.yaml', 'machine: {}\n')], /no install image names it: give --variant/],
    [
      'a contract that is not there',
      async () => [WORKER, '--contract', join(folder, 'c')],
      /contract .* there is no such file/,
    ],
    ['an unknown option', async () => [WORKER, '--nope'], /unknown option/],
  ])('refuses %s', async (_, args, message) => {
    const { status, stdout, stderr } = await run(...(await args()))
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(stderr).toMatch(message)
  })
})
