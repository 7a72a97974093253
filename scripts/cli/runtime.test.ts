import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { assertRuntime } from './runtime.ts'

/** The exit and output of a process that calls the guard for a Node of this version. */
function runGuard(version: string): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  const guard = JSON.stringify(join(import.meta.dirname, 'runtime.ts'))
  const script = `const { assertRuntime } = await import(${guard}); assertRuntime('${version}'); console.log('went on')`
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
}

describe('assertRuntime', () => {
  it('ends the process of an old Node with one sentence and 2', () => {
    const { status, stdout, stderr } = runGuard('20.20.2')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^error: this needs Node 26\.10 or newer, got 20\.20\.2: start it through npm [^\n]+\n$/)
  })

  it('ends it for the minor before, too', () => {
    expect(runGuard('26.9.9').status).toBe(2)
  })

  it('lets newer ones go on', () => {
    for (const version of ['26.10.0', '26.11.3', '27.0.0', process.versions.node])
      expect(() => assertRuntime(version)).not.toThrow()
    expect(runGuard('27.0.0')).toMatchObject({ status: 0, stdout: 'went on\n', stderr: '' })
  })
})
