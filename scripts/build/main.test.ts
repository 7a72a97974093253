import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { OWN_CONTRACT, OWN_LOCK } from '../judge/candidates/own-files.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { build } from './main.ts'

const GOLDEN = join(ROOT, 'fixtures/golden')
const LOCK = join(GOLDEN, 'lock-v1.11.5.json')
const PARTS = ['--lock', LOCK, '--upstream', join(GOLDEN, 'inputs/v1.11.5')]
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-main-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: readonly string[]) => runCommand(build, args)

describe('npm run build', { timeout: 240_000 }, () => {
  it('builds both variants of the embedded upstream, and says what to do next', async () => {
    const output = join(folder, 'out')
    const { exit, stdout, stderr } = await run('--upstream', 'embedded', '--output', output)
    expect(exit, stderr).toBe(0)
    expect(await readdir(output)).toEqual(['spin-only', 'spin-tailscale', 'upstream.lock.json'])
    expect(stdout).toContain(
      `npm test -- oci:${output}/spin-only:v1.11.5 oci:${output}/spin-tailscale:v1.11.5 --lock ${output}/upstream.lock.json\n`,
    )
    expect(stdout.match(/sha256:[0-9a-f]{64}/g)).toHaveLength(4)
  })

  it('pins CozyStack’s image where the contract names a reference, and builds that release of the embedded upstream that is locked', async () => {
    const place = await mkdtemp(join(folder, 'own-'))
    await writeFile(
      join(place, OWN_CONTRACT),
      'variants: {agent: {extensions: [metal-agent]}}\nreference: ghcr.io/cozystack/cozystack/talos\n',
    )
    await writeFile(join(place, OWN_LOCK), '{"schema": 2, "talos": "v1.13.9"}')
    const output = join(place, 'out')
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(place)
    try {
      const { exit, stdout, stderr } = await run('--upstream', 'embedded', '--output', output)
      expect(exit, stderr).toBe(0)
      expect(await readdir(output)).toEqual(['agent', 'reference', 'upstream.lock.json'])
      expect(stdout).toContain(
        `npm test -- oci:${output}/agent:v1.13.9 --lock ${output}/upstream.lock.json --reference oci:${output}/reference\n`,
      )
    } finally {
      cwd.mockRestore()
    }
  })

  it('says what it would build', async () => {
    const { exit, stdout, stderr } = await run(...PARTS, '--dry-run', '--output', join(folder, 'dry'))
    expect([exit, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^spin-only: Talos v1\.11\.5, from /)
    expect(stdout).toMatch(/ drbd 9\.2\.14-v1\.11\.5 +2\.52 KiB {2}sha256:8a8f0441e2f4/)
    expect(stdout).toMatch(/\nspin-tailscale: /)
    expect(stdout).toContain('makes         v1.11.5, v1.11.5-assets\n')
    expect(await readdir(folder)).not.toContain('dry')
  })

  it('writes profiles for the imager', async () => {
    const output = join(folder, 'profiles')
    const { exit, stdout } = await run(...PARTS, '--profile-only', '--variant', 'spin-only', '--output', output)
    expect(exit).toBe(0)
    expect(stdout).toContain(`-v ${output}:/out ghcr.io/siderolabs/imager:v1.11.5 - < ${output}/spin-only.profile.yaml`)
    expect(await readFile(join(output, 'spin-only.profile.yaml'), 'utf8')).toMatch(/^arch: arm64\n/)
  })

  it.for<readonly [string, number, readonly string[], string]>([
    ['an unknown variant', 2, [...PARTS, '--variant', 'x'], 'unknown variant x; defined: spin-only, spin-tailscale'],
    ['an unknown option', 2, ['--nope'], "unknown option '--nope' (npm run build -- --help says more)"],
    ['a wrong number', 2, ['--workers', '0'], 'expected 1 … 64.'],
    [
      'a folder that is not there',
      2,
      ['--lock', LOCK, '--upstream', './nope'],
      '--upstream ./nope: there is no such folder',
    ],
    ['a lock that is not there', 2, ['--lock', '/nope'], 'the lock /nope cannot be read'],
    [
      'parts of another release',
      1,
      ['--lock', LOCK, '--upstream', join(GOLDEN, 'inputs/v1.13.9')],
      'got at least 11125',
    ],
    [
      'a contract of what the embedded upstream has not',
      2,
      ['--contract', 'specs/contract/examples/gpu.yaml', '--upstream', 'embedded'],
      'the contract names nvidia-container-toolkit-production, ',
    ],
    [
      'an embedded release that there is not',
      2,
      ['--lock', LOCK.replace('v1.11.5', 'v1.9.0'), '--upstream', 'embedded'],
      'cannot be read',
    ],
  ])('refuses %s', async ([, status, args, text]) => {
    const { exit, stdout, stderr } = await run(...args, '--output', join(folder, 'none'))
    expect([exit, stdout]).toEqual([status, ''])
    expect(stderr.split('\n').at(-2)).toMatch(/^error: /)
    expect(stderr).toContain(text)
  })
})
