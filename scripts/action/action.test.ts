// The action, step by step as GitHub's runner does it: what is right, what is wrong and what cannot be reached are told apart.
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { playAction, type JobOutcome } from '../check-oracles-slow/adoption/play-runner.ts'

const PATIENCE_MS = 240_000
const GOLDEN = join(ROOT, 'fixtures/golden')
const REFERENCE = `docker-archive:${GOLDEN}/v1.11.5-spin-tailscale/installer-arm64.tar`
const AS_INSTALLER = { reference: REFERENCE, lock: join(GOLDEN, 'lock-v1.11.5.json'), target: 'installer' }

/** Of the npm of these tests: where it was called, and how. */
const INSTALLED = `${await realpath(ROOT)}\nci --omit=dev --ignore-scripts --no-audit --no-fund\n`

const folder = await mkdtemp(join(tmpdir(), 'action-'))
const bin = join(folder, 'bin')
beforeAll(async () => {
  await mkdir(bin)
  // The dependencies are installed here.
  await writeFile(join(bin, 'npm'), '#!/bin/sh\npwd -P > "$STUB_LOG"\necho "$*" >> "$STUB_LOG"\n')
  await chmod(join(bin, 'npm'), 0o755)
})
afterAll(() => rm(folder, { recursive: true }))

type Played = JobOutcome & { readonly workspace: string }

async function play(name: string, inputs: Readonly<Record<string, string>>): Promise<Played> {
  const workspace = join(folder, name)
  await mkdir(workspace)
  const env = { STUB_LOG: join(folder, `${name}.npm`), XDG_CACHE_HOME: join(folder, 'cache') }
  const outcome = await playAction({ folder: workspace, action: ROOT, inputs, env, path: [bin] })
  return { ...outcome, workspace }
}

describe('the action', { timeout: PATIENCE_MS }, () => {
  it('is green for an image that is right, with summary, report and SARIF', async () => {
    await using registry = await startRegistry()
    await pushReference(registry, REFERENCE, 'you/talos-spin-tailscale', 'v1.11.5')
    const reference = `${registry.host}/you/talos-spin-tailscale:v1.11.5`
    const inputs = { ...AS_INSTALLER, reference, variant: 'spin-tailscale' }
    const { status, outputs, summary, log, workspace } = await play('green', inputs)
    expect({ status, outputs }, log).toMatchObject({ status: 0, outputs: { verdict: 'green' } })
    expect(summary).toMatch(/^# Conforms\n/)
    expect(log).not.toContain('::error')
    const report = conformanceSchema.parse(JSON.parse(await readFile(join(workspace, outputs['report'] ?? ''), 'utf8')))
    expect(report.candidates).toHaveLength(1)
    expect(outputs['digest']).toBe(report.candidates[0]?.digest)
    expect(outputs['digest']).toMatch(/^sha256:/)
    const sarif = JSON.parse(await readFile(join(workspace, 'report/contract.sarif'), 'utf8')) as { version: string }
    expect(sarif.version).toBe('2.1.0')
    expect(await readFile(join(folder, 'green.npm'), 'utf8')).toBe(INSTALLED)
  })

  it('is red for an image of another variant, with an annotation at the rule', async () => {
    const reference = `\n  ${REFERENCE}  \n`
    const inputs = { ...AS_INSTALLER, reference, variant: 'spin-only', output: 'out/a b' }
    const { status, outputs, summary, log } = await play('red', inputs)
    expect({ status, outputs }, log).toMatchObject({
      status: 1,
      outputs: { verdict: 'red', report: 'out/a b/conformance.json' },
    })
    expect(log).toMatch(/^::error file=specs\/extensions\/[a-z-]+\.spec\.ts,line=\d+,title=EXT-002 fail/m)
    expect(summary).toMatch(/^# Does not conform\n/)
    expect(summary).toContain('EXT-002')
  })

  it('tells a registry that cannot be reached from a wrong image and a wrong input', async () => {
    const [away, wrong, none] = await Promise.all([
      play('away', { reference: 'registry.invalid/you/talos-spin-only:v1.11.5' }),
      play('wrong', { reference: `--structure-only\n$(touch ${join(folder, 'ran')})` }),
      play('none', { reference: ' \n' }),
    ])
    expect(away).toMatchObject({ status: 2, outputs: { verdict: 'unreachable', digest: '', report: '' } })
    expect(away.log).toMatch(/^::error title=REGISTRY_UNAVAILABLE::error: registry\.invalid\/.*no such host/m)
    expect(away.summary).toMatch(/^# not judged: unreachable\n\n {4}error: registry\.invalid\//)
    expect(wrong).toMatchObject({ status: 2, outputs: { verdict: 'error', report: '' } })
    // An option or a command in the place of a reference is a reference that is wrong.
    expect(wrong.log).toMatch(/^::error title=MALFORMED::error: .*--structure-only/m)
    await expect(readFile(join(folder, 'ran'))).rejects.toThrow('ENOENT')
    expect(none).toMatchObject({ status: 2, outputs: { verdict: 'error' } })
    expect(none.log).toContain('::error title=reference::expected an image, got nothing')
  })
})

describe('the action that sets up', { timeout: PATIENCE_MS }, () => {
  it('puts the program on the path', async () => {
    const workspace = join(folder, 'set up')
    await mkdir(workspace)
    const { status, path } = await playAction({
      folder: workspace,
      action: join(ROOT, '.github/actions/setup'),
      inputs: {},
      env: { STUB_LOG: join(folder, 'setup.npm') },
      path: [bin],
    })
    expect({ status, path }).toEqual({ status: 0, path: [join(workspace, 'talos-image')] })
    const { stdout } = await promisify(execFile)(join(path[0] ?? '', 'talos-image'), ['--version'], { cwd: workspace })
    expect(stdout).toMatch(/^talos-image-contract /)
    expect(await readFile(join(folder, 'setup.npm'), 'utf8')).toBe(INSTALLED)
  })
})
