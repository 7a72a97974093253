// The lock of the embedded upstream, as a build from it pins it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { formatLock } from '#specs/contract/lock.ts'
import { embeddedContract } from '../embedded-upstream/contract.ts'
import { openEmbeddedUpstream } from '../embedded/upstream.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { runCommand } from '../testing/run-command.ts'
import { lock } from './main.ts'

const PATIENCE_MS = 240_000

const folder = await mkdtemp(join(tmpdir(), 'lock-embedded-'))
afterAll(() => rm(folder, { recursive: true }))
const path = join(folder, 'upstream.lock.json')
const run = (...args: readonly string[]) => runCommand(lock, ['--upstream', 'embedded', '--lock', path, ...args])

describe('npm run lock -- --upstream embedded', { timeout: PATIENCE_MS }, () => {
  it('writes what npm run build -- --upstream embedded pins', async () => {
    const written = await run('--talos', 'v1.11.5')
    expect(written, written.stderr).toMatchObject({ exit: 0 })
    expect(written.stdout).not.toContain('reference')
    const { value } = await loadContract(undefined)
    const upstream = await openEmbeddedUpstream({ talos: 'v1.11.5', contract: embeddedContract(value).contract })
    try {
      expect(await readFile(path, 'utf8')).toBe(formatLock(upstream.lock))
    } finally {
      await upstream.close()
    }
  })

  it('finds no drift in it, and all of it in the lock of another release', async () => {
    expect(await run('--check')).toMatchObject({ exit: 0, stdout: `${path}: as upstream has it, Talos v1.11.5\n` })
    const drifted = await run('--check', '--talos', 'v1.13.9')
    expect(drifted.exit).toBe(3)
    expect(drifted.stdout).toMatch(/^talos: .*v1\.11\.5.*v1\.13\.9/m)
  })

  it.each([
    [
      'a release that it has not',
      ['--talos', 'v1.11.6'],
      /the embedded upstream is of v1\.11\.5, .*, not of v1\.11\.6/,
    ],
    ['another reference', ['--talos', 'v1.11.5', '--reference', 'oci:x'], /without --offline and --reference/],
    [
      'a contract of what it has not',
      ['--talos', 'v1.11.5', '--contract', 'specs/contract/examples/gpu.yaml'],
      /^error: the contract names nvidia-container-toolkit-production, nvidia-open-gpu-kernel-modules-production, which the embedded upstream of v1\.11\.5 has not \(it has [^)]*spin, tailscale[^)]*\): [^\n]*\n$/,
    ],
    ['--offline', ['--talos', 'v1.11.5', '--offline'], /without --offline and --reference/],
  ])('refuses %s', async (_, args, message) => {
    const { exit, stdout, stderr } = await run(...args)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
