// A worker that was started before anybody knew what it is to judge.
import { describe, expect, it } from 'vitest'
import { openSpecRun } from './spec-run.ts'

const PATIENCE_MS = 60_000
const NONE = { candidates: [], cacheFolder: '' }

describe('openSpecRun', { timeout: PATIENCE_MS }, () => {
  it('judges what it is given after it has begun', async () => {
    const run = openSpecRun('specs/oci/identity.spec.ts')
    await run.started
    expect(await run.run(NONE)).toEqual({ observations: [], runErrors: [] })
    await run.close()
  })

  it('ends when it is closed with nothing to judge, and leaves no listener for Ctrl-C', async () => {
    const listeners = process.listeners('SIGINT')
    const run = openSpecRun('specs/oci/identity.spec.ts')
    await run.started
    expect(process.listeners('SIGINT')).toEqual(listeners)
    await run.close()
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
