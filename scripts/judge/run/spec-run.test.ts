// A worker that was started before anybody knew what it is to judge.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSpecRun } from './spec-run.ts'

const PATIENCE_MS = 240_000
const NONE = { candidates: [], cacheFolder: '' }

afterEach(() => vi.unstubAllEnvs())

describe('openSpecRun', { timeout: PATIENCE_MS }, () => {
  it('judges what it is given after it has begun', async () => {
    const run = openSpecRun('specs/oci/identity.spec.ts')
    await run.started
    expect(await run.run(NONE)).toEqual({ observations: [], runErrors: [] })
    await run.close()
  })

  it('ends when it is closed with nothing to judge, and leaves no listener for Ctrl-C and SIGTERM', async () => {
    const listeners = () => (['SIGINT', 'SIGTERM'] as const).map((signal) => process.listeners(signal))
    const before = listeners()
    const run = openSpecRun('specs/oci/identity.spec.ts')
    await run.started
    expect(listeners()).toEqual(before)
    await run.close()
  })

  it('leaves nothing in the home, nor the variable for it otherwise than it was', async () => {
    const home = join(tmpdir(), 'spec-run-home-that-nobody-makes')
    vi.stubEnv('XDG_DATA_HOME', home)
    vi.stubEnv('HOME', home)
    const runs = [openSpecRun('specs/oci/identity.spec.ts'), openSpecRun('specs/oci/identity.spec.ts')]
    await Promise.all(runs.map((run) => run.run(NONE)))
    expect(process.env['XDG_DATA_HOME']).toBe(home)
    expect(existsSync(home)).toBe(false)
  })

  it('reports a thread that ends before it has begun', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'thread-'))
    try {
      const entry = join(folder, 'entry.mjs')
      await writeFile(entry, '')
      const { observations, runErrors } = await openSpecRun('specs/oci/identity.spec.ts', entry).run(NONE)
      expect([observations, runErrors]).toEqual([
        [],
        [expect.stringMatching(/^unhandled: \[vitest-pool\]: Worker rules /)],
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('reports a vitest that does not run', async () => {
    const { observations, runErrors } = await openSpecRun('specs/none/*.spec.ts').run(NONE)
    expect([observations, runErrors]).toEqual([[], ['vitest did not run: No test files found']])
  })

  it('judges nothing, and says so, when it is given what no worker can be given', async () => {
    const unsendable = { ...NONE, trustedRoot: (() => undefined) as unknown as string }
    const { observations, runErrors } = await openSpecRun('specs/oci/identity.spec.ts').run(unsendable)
    expect([observations, runErrors]).toEqual([[], [expect.stringMatching(/^the worker was not reached: .*cloned/s)]])
  })
})
