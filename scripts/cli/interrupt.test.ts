import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, vi } from 'vitest'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { putSignedUpstream } from '../embedded-upstream/signed.ts'
import { build } from '../build/main.ts'
import { inspect } from '../inspect/main.ts'
import { lock } from '../lock/main.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { catchInterrupt, GRACE_MS } from './interrupt.ts'

const PROGRAM = ['--import', './scripts/preload.mjs', 'scripts/talos-image.ts']
const LOCK = join(ROOT, 'fixtures/golden/lock-v1.11.5.json')

describe('catchInterrupt', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends what fails by %s with %i, and nothing else', (name, status) => {
    const interrupt = catchInterrupt('nothing was written')
    try {
      expect([interrupt.signal.aborted, interrupt.statusOf(2)]).toEqual([false, 2])
      process.emit(name, name)
      expect(interrupt.statusOf(2)).toBe(status)
      expect(interrupt.signal.reason).toMatchObject({ message: 'interrupted: nothing was written' })
    } finally {
      interrupt.release()
    }
  })
})

describe('what does not answer an interruption', () => {
  it.each([true, false])('is ended in half a second, with the same sentence, unless it has answered: %s', (answers) => {
    vi.useFakeTimers()
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const interrupt = catchInterrupt('nothing was written')
    try {
      process.emit('SIGTERM', 'SIGTERM')
      vi.advanceTimersByTime(GRACE_MS - 1)
      expect([exit.mock.calls, write.mock.calls]).toEqual([[], []])
      if (answers) interrupt.release()
      vi.advanceTimersByTime(1)
      const ended = [[[143]], [['error: interrupted: nothing was written\n']]]
      expect([exit.mock.calls, write.mock.calls]).toEqual(answers ? [[], []] : ended)
    } finally {
      interrupt.release()
      exit.mockRestore()
      write.mockRestore()
      vi.useRealTimers()
    }
  })

  it('is a build that waits for a registry: what it has made goes, too', async () => {
    const stuck = /blobs\//
    await using registry = await startRegistry({ faults: [{ when: { path: stuck }, do: { kind: 'stall', at: 10 } }] })
    const { made } = await putSignedUpstream(registry, ['v1.11.5'])
    const folder = await mkdtemp(join(tmpdir(), 'interrupt-'))
    try {
      const path = join(folder, 'lock.json')
      await writeFile(path, formatLock(await made.lock('v1.11.5')))
      const args = ['--lock', path, '--output', join(folder, 'out'), '--upstream', `${registry.host}/siderolabs`]
      const child = spawn(process.execPath, [...PROGRAM, 'build', ...args, '--cache', join(folder, 'cache')], {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const said = text(child.stderr)
      await expect.poll(() => registry.requests.some((one) => stuck.test(one.path)), { timeout: 240_000 }).toBe(true)
      expect(await readdir(join(folder, 'out'))).toEqual([expect.stringMatching(/^\.spin-only\..*\.partial$/)])
      child.kill('SIGINT')
      expect(await once(child, 'close')).toEqual([130, null])
      expect(await said).toMatch(/(?:^|\n)error: interrupted: what was not finished is not there\n$/)
      expect(await readdir(join(folder, 'out'))).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  }, 120_000)
})

describe('an interrupted command', () => {
  it.each([
    ['build', build, ['--upstream', '127.0.0.1:1/x', '--lock', LOCK, '--output'], 'what was not finished is not there'],
    ['lock', lock, ['--talos', 'v1.11.5', '--upstream', '127.0.0.1:1/x', '--lock'], 'nothing was written'],
    ['inspect', inspect, ['127.0.0.1:1/x:v1', '--cache'], 'nothing more is shown'],
  ] as const)('%s ends with 130, says so, and leaves no file', async (_, command, args, sentence) => {
    const folder = await mkdtemp(join(tmpdir(), 'interrupt-'))
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    try {
      const ended = runCommand(command, [...args, join(folder, 'out')])
      process.emit('SIGINT', 'SIGINT')
      expect(await ended).toMatchObject({
        exit: 130,
        stderr: expect.stringContaining(`error: interrupted: ${sentence}\n`),
      })
      const left = await readdir(folder, { recursive: true, withFileTypes: true })
      expect(left.filter((entry) => !entry.isDirectory())).toEqual([])
    } finally {
      exit.mockRestore()
      await rm(folder, { recursive: true })
    }
  })

  it('begins no further step of a build', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'interrupt-'))
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const lines: string[] = []
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      lines.push(String(chunk))
      if (lines.length === 3) process.emit('SIGINT', 'SIGINT')
      return true
    })
    try {
      const parts = ['--lock', LOCK, '--upstream', join(ROOT, 'fixtures/golden/inputs/v1.11.5')]
      expect(await build([...parts, '--output', join(folder, 'out')])).toBe(130)
      const steps = lines.filter((line) => line.startsWith('spin-only: '))
      expect(steps).toHaveLength(3)
      expect(lines).toContain('error: interrupted: what was not finished is not there\n')
      expect(await readdir(join(folder, 'out'))).toEqual([])
    } finally {
      write.mockRestore()
      exit.mockRestore()
      await rm(folder, { recursive: true })
    }
  })
})
