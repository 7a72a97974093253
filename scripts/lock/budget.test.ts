// The budget of a reference in the commands that judge nothing: what is beyond it is status 2 and the option that raises it.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { account } from '../account/main.ts'
import { build } from '../build/main.ts'
import { drift } from '../drift/main.ts'
import { lock } from './main.ts'
import { main as reproduce } from '../reproduce/main.ts'
import { runCommand } from '../testing/run-command.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'

const PATIENCE_MS = 240_000
const TALOS = 'v1.11.5'
const GOLDEN = 'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'

describe('--limit', { timeout: PATIENCE_MS }, () => {
  let served: SignedUpstream
  beforeAll(async () => void (served = await serveUpstream([TALOS])), PATIENCE_MS)
  afterAll(() => served[Symbol.asyncDispose]())
  const file = (name: string): string => join(served.folder, name)
  const upstream = (): readonly string[] => ['--upstream', served.namespace, '--cache', file('cache')]
  const signed = (): readonly string[] => [...upstream(), '--trusted-root', served.trustedRoot]

  const LIMITS = ['entries=3', 'bytes=1000', 'requests=2'] as const
  const beyond = (limit: string): unknown =>
    expect.stringContaining(`raise it with --limit ${limit.replace(/=.*/, '=VALUE')}`)

  it.each(LIMITS)('%s ends npm run lock, which writes nothing', async (limit) => {
    const options = ['--talos', TALOS, '--lock', file('none.json'), '--accept-moved', '--limit', limit]
    const outcome = await runCommand(lock, [...options, ...signed()])
    expect(outcome).toEqual({ exit: 2, stdout: '', stderr: beyond(limit) })
    expect(await readdir(served.folder)).not.toContain('none.json')
  })

  it.each(LIMITS)('%s ends npm run drift', async (limit) => {
    const options = ['--from', TALOS, '--no-judge', '--limit', limit]
    expect(await runCommand(drift, [...options, ...signed()])).toEqual({ exit: 2, stdout: '', stderr: beyond(limit) })
  })

  it.each(LIMITS)('%s ends npm run build, which leaves nothing', async (limit) => {
    const written = await runCommand(lock, ['--talos', TALOS, '--lock', file('a.json'), '--accept-moved', ...signed()])
    expect(written.exit, written.stderr).toBe(0)
    const options = ['--lock', file('a.json'), '--variant', 'spin-only', '--output', file('out'), '--limit', limit]
    expect(await runCommand(build, [...options, ...upstream()])).toEqual({
      exit: 2,
      stdout: '',
      stderr: beyond(limit),
    })
    expect(await readdir(file('out')).catch(() => [])).toEqual([])
  })

  it.each(['entries=3', 'bytes=1000'])('%s ends npm run account and npm run reproduce', async (limit) => {
    const cache = ['--cache', file('cache'), '--limit', limit]
    expect(await runCommand(account, [GOLDEN, ...cache])).toEqual({ exit: 2, stdout: '', stderr: beyond(limit) })
    const terms = ['--variant', 'spin-only', '--upstream', 'embedded', '--limit', limit]
    const { exit, stdout } = await runCommand(reproduce, [GOLDEN, ...terms])
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: beyond(limit) })
  })
})
