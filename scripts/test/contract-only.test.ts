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
