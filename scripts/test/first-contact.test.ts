// An image of upstream's imager, which has none of our labels, judged without another word.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { runCommand } from '../testing/run-command.ts'
import { start } from './start.ts'

const folder = await mkdtemp(join(tmpdir(), 'first-contact-'))
afterAll(() => rm(folder, { recursive: true }))
const report = join(folder, 'report.json')

const golden = (name: string): string => `fixtures/golden/${name}/installer-arm64.tar`
const judge = (...args: readonly string[]) => runCommand(start, [...args, '--report', report])

describe('npm test -- IMAGE', { timeout: 240_000 }, () => {
  it('says what it is, and judges it as that', async () => {
    const { exit, stdout } = await judge(
      golden('v1.11.5-spin-tailscale'),
      '--lock',
      'fixtures/golden/lock-v1.11.5.json',
    )
    expect(exit).toBe(0)
    const [head, said] = stdout.split('\n')
    expect(head).toBe(`docker-archive:${golden('v1.11.5-spin-tailscale')} as spin-tailscale`)
    expect(said).toBe(
      'no label io.cozystack.talos.variant: imager’s installer of Talos v1.11.5 with bnx2-bnx2x, intel-ice-firmware, ' +
        'qlogic-firmware, drbd, zfs, spin, tailscale; judged as spin-tailscale, target image, installer',
    )
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^GREEN: .*; target image, installer; /)
    const { candidates } = JSON.parse(await readFile(report, 'utf8')) as Conformance
    expect(candidates[0]).toMatchObject({
      variant: 'spin-tailscale',
      targets: ['image', 'installer'],
      identified: said,
    })
  })

  it('says which variant is nearest where none has its extensions', async () => {
    const { exit, stderr } = await judge(golden('v1.11.5-plain'))
    expect(exit).toBe(2)
    expect(stderr).toMatch(
      /Talos v1\.11\.5 with [^;]+; no variant of the contract has exactly these \(spin-only .*\): /,
    )
    expect(stderr).toContain('--variant (spin-only, spin-tailscale)')
  })

  it('judges the structure without a lock, ends with 2, and says what a lock adds', async () => {
    const { exit, stdout } = await judge(`./${golden('v1.11.5-spin-only')}`)
    expect(exit).toBe(2)
    expect(stdout).toMatch(/^no lock: the structure was judged, and \d+ rules were not, /m)
    expect(stdout).toMatch(/^ {2}npx talos-image lock --talos v1\.11\.5$/m)
    expect(stdout).not.toContain('INCONCLUSIVE KRN-005')
  })

  it('keeps to --variant and --target where they are given', async () => {
    const { exit } = await judge(golden('v1.11.5-spin-only'), '--variant', 'spin-only', '--only', 'OCI-003')
    expect(exit).toBe(0)
    const { candidates } = JSON.parse(await readFile(report, 'utf8')) as Conformance
    expect(candidates[0]).toMatchObject({ targets: ['all'] })
    expect(candidates[0]).not.toHaveProperty('identified')
  })
})
