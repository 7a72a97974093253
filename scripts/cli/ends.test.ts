// A verdict whose output or machine fails it: status 2, no stack trace, the previous report, no leftover files.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { ROOT } from '../root.ts'
import { loadOrEnd } from './ends.ts'

const PATIENCE_MS = 240_000
const folder = await mkdtemp(join(tmpdir(), 'ends-'))
afterAll(() => rm(folder, { recursive: true }))

const GOLDEN = 'fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'
/** Judged as the other variant: red, so that a status of 1 would be lost. */
const RED = `docker-archive:${GOLDEN} --variant spin-tailscale --only EXT-002 --lock fixtures/golden/lock-v1.11.5.json`
const command = (report: string): string =>
  `${process.execPath} --import ./scripts/preload.mjs scripts/talos-image.ts test ${RED} --report ${report}`

async function shell(script: string): Promise<{ readonly status: unknown; readonly stderr: string }> {
  const child = spawn('bash', ['-c', script], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { status: status as unknown, stderr }
}

describe.skipIf(process.platform !== 'linux')('npm test', { timeout: PATIENCE_MS }, () => {
  it.each<[string, (run: string) => string, RegExp]>([
    ['is red by itself', (run) => run, /^$/],
    ['cannot write to a full standard output', (run) => `${run} >/dev/full`, /^error: standard output .*ENOSPC.*\n$/],
    [
      'cannot write to a closed standard output',
      (run) => `set -o pipefail; ${run} --json | true; exit \${PIPESTATUS[0]}`,
      /^error: standard output .*EPIPE.*\n$/,
    ],
    [
      'may open too few files',
      (run) => `ulimit -n 24; ${run}`,
      /^error: expected to be allowed 128 open files .*24.*\n$/,
    ],
  ])('%s', async (name, script, said) => {
    const { status, stderr } = await shell(script(command(join(folder, 'report.json'))))
    expect({ status, stderr }).toEqual({
      status: name === 'is red by itself' ? 1 : 2,
      stderr: expect.stringMatching(said),
    })
  })

  it('ends where only help goes to a closed standard output', async () => {
    const help = `${process.execPath} --import ./scripts/preload.mjs scripts/talos-image.ts node --help`
    const { status, stderr } = await shell(`set -o pipefail; ${help} | true; exit \${PIPESTATUS[0]}`)
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^error: standard output .*EPIPE.*\n$/)])
  })

  it('keeps the report of before on a full disk, and leaves nothing beside it', async () => {
    const own = await mkdtemp(join(folder, 'full-'))
    const report = join(own, 'report.json')
    await writeFile(report, 'before')
    // A limit for files says EFBIG where a full disk says ENOSPC, at the same place.
    const { status, stderr } = await shell(`ulimit -f 4; ${command(report)}`)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^error: the report .* cannot be written: EFBIG.*\n$/),
    })
    expect(await readFile(report, 'utf8')).toBe('before')
    expect(await readdir(own)).toEqual(['report.json'])
  })
})

describe('a command that is loading', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is ended by %s with a sentence and %i, and takes signals itself afterwards', async (name, status) => {
    const before = process.listenerCount(name)
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    try {
      await loadOrEnd(() => Promise.resolve(process.emit(name, name)))
      expect(exit.mock.calls).toEqual([[status]])
      expect(write.mock.calls).toEqual([['error: interrupted: nothing was begun\n']])
      expect(process.listenerCount(name)).toBe(before)
    } finally {
      exit.mockRestore()
      write.mockRestore()
    }
  })
})
