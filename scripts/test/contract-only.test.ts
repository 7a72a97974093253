import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { judgeHere } from '../testing/run-command.ts'

const folder = await mkdtemp(join(tmpdir(), 'contract-only-'))
afterAll(() => rm(folder, { recursive: true }))

describe('npm test -- --contract-only', () => {
  it('says what is in a contract and in its waivers', async () => {
    const { status, stdout, stderr } = await judgeHere(['--contract-only'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/ is a contract of 2 variants for Talos /)
    expect(stdout).toContain('\n  spin-only (worker): bnx2-bnx2x, ')
    expect(stdout).toMatch(/waivers\.yaml accepts no failures\n$/)
  })

  it('says where own extensions, a kernel and an overlay are from, and who signs them', async () => {
    const signed =
      'signed by https://github.com/you/extensions/.github/workflows/release.yaml@refs/heads/main (https://token.actions.githubusercontent.com)'
    const board = await judgeHere(['--contract-only', '--contract', 'specs/contract/examples/raspberry-pi.yaml'])
    expect(board.stdout.split('\n').slice(1, -2)).toEqual([
      '  raspberry-pi (worker): iscsi-tools, drbd, board-agent',
      `    board-agent of ghcr.io/you/board-agent:v1.0.0, ${signed}`,
      '  overlay rpi_generic of ghcr.io/siderolabs/sbc-raspberrypi:v0.2.0, options configTxtAppend="dtparam=i2c_arm=on\\n"',
      '    kernel arguments console=tty0 console=ttyAMA0,115200 sysctl.kernel.kexec_load_disabled=1 talos.dashboard.disabled=1',
    ])
    const { stdout } = await judgeHere(['--contract-only', '--contract', 'specs/contract/examples/own-kernel.yaml'])
    expect(stdout.split('\n').slice(2, -2)).toEqual([
      `    drbd of ghcr.io/you/own-drbd:9.2.14-v1.11.5, ${signed}, modules signed by certificate sha256:3dfcfb7939fa4c6e5f8b3884bd02c20a4c45ee16497eb3f76e42db0f93b3832d`,
      '    spin held back at Talos v1.11.5',
      `  kernel of ghcr.io/you/own-kernel:v1.11.5, ${signed}`,
    ])
  })

  it('says everything that is wrong with one, a finding a line', async () => {
    const path = join(folder, 'own.yaml')
    await writeFile(path, 'talos: newest\nsecureboot: true\nvariants: {a: {}}\n')
    const { status, stdout, stderr } = await judgeHere(['--contract-only', '--contract', path])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      `error: the contract ${path} is not as it must be: 2 findings`,
      `  ${path}:1:8 expected a semver range, got "newest"`,
      `  ${path}:2:1 unknown key secureboot: did you mean secureBoot?`,
      '',
    ])
  })

  it('places what is no YAML', async () => {
    const path = join(folder, 'torn.yaml')
    await writeFile(path, 'schema: 1\nvariants: [\n')
    const { status, stderr } = await judgeHere(['--contract-only', '--contract', path])
    expect(status).toBe(2)
    expect(stderr).toMatch(/torn\.yaml:3:1\)\n$/)
  })

  it('takes no image', async () => {
    const { status, stderr } = await judgeHere(['oci:out', '--contract-only'])
    expect(status).toBe(2)
    expect(stderr).toBe(
      'error: --contract-only judges no image: leave the REFERENCE out, or leave --contract-only out\n',
    )
  })
})
