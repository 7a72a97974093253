import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../build/main.ts'
import { inspect } from '../inspect/main.ts'
import { lock } from '../lock/main.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { catchInterrupt } from './interrupt.ts'

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

describe('an interrupted command', () => {
  it.each([
    ['build', build, ['--upstream', '127.0.0.1:1/x', '--lock', LOCK, '--output'], 'what was not finished is not there'],
    ['lock', lock, ['--talos', 'v1.11.5', '--upstream', '127.0.0.1:1/x', '--lock'], 'nothing was written'],
    ['inspect', inspect, ['127.0.0.1:1/x:v1', '--cache'], 'nothing more is shown'],
  ] as const)('%s ends with 130, says so, and leaves no file', async (_, command, args, sentence) => {
    const folder = await mkdtemp(join(tmpdir(), 'interrupt-'))
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
      await rm(folder, { recursive: true })
    }
  })
})
