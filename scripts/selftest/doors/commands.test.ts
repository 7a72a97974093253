// The doors of the commands beside npm test: every option of publish, promote and lint-config on what is red, in this process.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { readBaselineConfig, swap } from '#fixtures/counterexamples/config/valid.ts'
import { LOCK, openRelease, writeRelease } from '#fixtures/publish/sample-release.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { greenJudge, greenReport, withRule } from '../../check-oracles-slow/races/green-report.ts'
import { CONTRACT_PATH, loadContract, loadLock } from '../../judge/candidates/inputs.ts'
import { lintConfig } from '../../lint-config/main.ts'
import { promote } from '../../promote/main.ts'
import { publish } from '../../publish/main.ts'
import { ROOT } from '../../root.ts'
import { runCommand } from '../../testing/run-command.ts'

/** An option; what the last line, or for publish the warning, must say where it opens. */
type Door = readonly [option: string, args: (files: Files) => readonly string[], opens?: RegExp]
type Files = { readonly folder: string; readonly lock: string; readonly waivers: string; readonly contract: string }
type Command = (args: readonly string[]) => Promise<number>

const folder = await mkdtemp(join(tmpdir(), 'doors-'))
afterAll(() => rm(folder, { recursive: true }))
const file = (name: string): string => join(folder, name)
const files: Files = {
  folder,
  lock: file('lock.json'),
  waivers: file('waivers.yaml'),
  contract: file('contract.yaml'),
}
const out = file('out')
const expires = new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10)
const waive = (id: string): string =>
  stringify({ waivers: [{ id, reason: 'tried for turning red to green', expires }] })

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry()
  await writeRelease(out)
  await writeFile(files.lock, formatLock(LOCK))
  await writeFile(file('red.yaml'), swap('usermode_helper=disabled', 'usermode_helper=x')(await workerConfig()))
  await writeFile(files.waivers, waive('CFG-003'))
  const shipped = parse(await readFile(join(ROOT, CONTRACT_PATH), 'utf8')) as { readonly variants: object }
  const [first] = Object.values(shipped.variants) as { readonly extensions: readonly string[] }[]
  const extensions = first?.extensions.filter((name) => name !== 'drbd')
  await writeFile(files.contract, stringify({ ...shipped, variants: { 'spin-only': { ...first, extensions } } }))
  vi.stubEnv('DOCKER_CONFIG', folder)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await registry.close()
})
const workerConfig = async (): Promise<string> => (await readBaselineConfig('worker-spin-only-1.11')).config
const GOLDEN = 'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'

/** Options about how a registry is reached, and by which facts it is judged: they are for the main job. */
const HANDED_ON: readonly Door[] = [
  ['--contract', ({ contract }) => ['--contract', contract]],
  ['--lock', ({ lock }) => ['--lock', lock]],
  ['--waivers', ({ waivers }) => ['--waivers', waivers]],
  ['--reference', () => ['--reference', GOLDEN]],
  ['--advisories', ({ lock }) => ['--advisories', lock]],
  ['--trusted-root', ({ lock }) => ['--trusted-root', lock]],
  ['--cache', ({ folder: place }) => ['--cache', join(place, 'cache')]],
  ['--ca-file', () => ['--ca-file', 'package.json']],
  ['--insecure', () => ['--insecure']],
  ['--limit', () => ['--limit', 'entries=1']],
  ['--username', () => ['--username', 'me']],
  ['--password-stdin', () => ['--password-stdin']],
]

const PUBLISH: readonly Door[] = [
  ...HANDED_ON,
  ['--variant', () => ['--variant', 'spin-only']],
  ['--report', ({ lock }) => ['--report', lock]],
  ['--force', () => ['--force'], /warning: forced, and the provenance says so/],
  ['--key', ({ lock }) => ['--key', lock]],
  ['--no-sign', () => []],
  ['--tag-signatures-only', () => ['--tag-signatures-only']],
  ['--revision', () => ['--revision', '2'.repeat(40)]],
  ['--no-verify', () => ['--no-verify']],
]
const PROMOTE: readonly Door[] = [
  ...HANDED_ON,
  ['--variant', () => ['--variant', 'spin-tailscale']],
  ['--report', ({ folder: place }) => ['--report', join(place, 'other.json')]],
]
const LINT: readonly Door[] = [
  ['--variant', () => ['--variant', 'spin-only']],
  ['--talos', () => ['--talos', 'v1.13.9']],
  ['--base', () => ['--base', 'generated']],
  ['--schematic', () => ['--schematic', 'specs/contract/waivers.yaml']],
  ['--only', () => ['--only', 'CFG-002'], /^GREEN: .*; .*only CFG-002\b/],
  [
    '--contract',
    ({ contract }) => ['--contract', contract, '--variant', 'spin-only'],
    /^GREEN: .*contract \S+\.yaml\b/,
  ],
  ['--lock', () => ['--lock', 'fixtures/golden/lock-v1.11.5.json']],
  ['--waivers', ({ waivers }) => ['--waivers', waivers], /^GREEN, 1 waived \(CFG-003 until /],
  ['--json', () => ['--json']],
  ['--report', ({ folder: place }) => ['--report', join(place, 'lint.json')]],
  ['--output', ({ folder: place }) => ['--output', `junit=${join(place, 'lint.xml')}`]],
]

const red = <T extends Parameters<typeof withRule>[0]>(green: T) => withRule(green, 'KRN-001', { status: 'fail' })

async function writeRedReport(): Promise<void> {
  const publications = await openRelease(out, 'you')
  const images = publications.map(({ layout }) => ({
    reference: `oci:${layout.folder}`,
    digest: layout.installer.descriptor.digest,
    assetsDigest: layout.assets.descriptor.digest,
    variant: layout.variant,
  }))
  await Promise.all(publications.map(({ layout }) => layout.close()))
  const { sha256, value } = await loadContract(undefined)
  const lock = (await loadLock(files.lock))?.sha256 ?? ''
  await writeFile(file('report.json'), JSON.stringify(red(greenReport(images, { contract: sha256, lock, value }))))
}

const writes = (): number => registry.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD').length
const always =
  (command: Command, ...usual: readonly string[]) =>
  (args: readonly string[]) =>
    runCommand(command, [...usual, ...args])

describe.each<[string, readonly Door[], Command]>([
  ['publish', PUBLISH, (args) => publish(args, async () => 0)],
  ['promote', PROMOTE, (args) => promote(args, async () => 0)],
  ['lint-config', LINT, lintConfig],
])('%s', (_, doors, command) => {
  it('has a door for each of its options', async () => {
    const { stdout } = await runCommand(command, ['--help'])
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name)
    expect(doors.map(([name]) => name).toSorted()).toEqual(options.filter((name) => name !== '--help').toSorted())
  })
})

describe('a red image', { timeout: 240_000 }, () => {
  it.for(PUBLISH)('is not published with %s alone', async ([, args, opens]) => {
    await writeRedReport()
    const usual = [out, `${registry.host}/you`, '--revision', '1'.repeat(40), '--no-sign', '--no-verify']
    const tried = always((all) => publish(all, async () => 0), ...usual, '--lock', files.lock)
    const before = writes()
    const { exit, stderr } = await tried(['--report', file('report.json'), ...args(files)])
    expect(stderr).toMatch(opens ?? /^error: /)
    expect({ exit: exit === 0, written: writes() > before }).toEqual({
      exit: opens !== undefined,
      written: opens !== undefined,
    })
  })

  it.for(PROMOTE)('is not promoted with %s, whatever the verdict ends with', async ([, args]) => {
    const tags = registry.content.find('you/talos-spin-only')?.tags
    if (tags?.has('v1.11.5') !== true) throw new Error('expected the image that --force published')
    for (const status of [0, 1, 2]) {
      const tried = always(
        (all) => promote(all, greenJudge(red, status)),
        `${registry.host}/you/talos-spin-only:v1.11.5`,
      )
      const before = writes()
      const { exit, stderr } = await tried(['demo', '--report', file('promoted.json'), ...args(files)])
      expect({ exit: exit > 0, stderr }).toEqual({ exit: true, stderr: expect.stringMatching(/^error: /) })
      expect(writes()).toBe(before)
    }
  })

  it.for<Door>([['nothing', () => []], ...LINT])('is no green configuration with %s', async ([, args, opens]) => {
    const tried = always(lintConfig, file('red.yaml'), '--report', file('lint-report.json'))
    const { exit, stdout, stderr } = await tried(args(files))
    const last = (stdout.trim() === '' ? stderr : stdout).trimEnd().split('\n').at(-1)
    expect({ exit: exit === 0, said: (opens ?? /./).test(last ?? '') }, last).toEqual({
      exit: opens !== undefined,
      said: true,
    })
  })
})
