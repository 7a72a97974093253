import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { renderResults, runSteps, type Step } from './steps.ts'

const node = (name: string, code: string): Step => [name, [process.execPath, '--eval', code]]
async function runTwo(
  steps: readonly Step[],
): Promise<{ results: readonly (readonly [string, boolean])[]; text: string }> {
  let text = ''
  const results = await runSteps(steps, 2, { out: { write: (chunk) => ((text += String(chunk)), true) } })
  return { results: results.map(({ name, passed }) => [name, passed] as const), text }
}

describe('runSteps', () => {
  it('runs all, and says which failed, with what each printed in the order of the steps', async () => {
    const steps = [
      node('red', `process.stdout.write('out 1\\n'); process.stderr.write('err 1\\n'); process.exitCode = 3`),
      ['absent', ['no-such-program']] as const,
      node('green', `console.log('out 3')`),
    ]
    const { results, text } = await runTwo(steps)
    expect(results).toEqual([
      ['red', false],
      ['absent', false],
      ['green', true],
    ])
    expect(text).toMatch(/^out 1\nerr 1\nerror: no-such-program does not start: [^\n]*ENOENT\nout 3\n$/)
  })
})

describe('two steps', () => {
  it('run side by side', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'steps-'))
    try {
      const [first, second] = [join(folder, '1'), join(folder, '2')].map((path) => JSON.stringify(path))
      // Each ends once the other has begun.
      const meet = (own = '', other = ''): string =>
        `fs.writeFileSync(${own}, ''); const wait = () => fs.existsSync(${other}) || setTimeout(wait, 10); wait()`
      const { results } = await runTwo([node('a', meet(first, second)), node('b', meet(second, first))])
      expect(results).toEqual([
        ['a', true],
        ['b', true],
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('the first step that has not ended', () => {
  it('prints as it runs, the others when it is their turn', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'steps-'))
    try {
      const seen = join(folder, 'seen')
      // The first ends once what it printed has been written, which the second waits for, too.
      const first = `console.log('out 1'); const wait = () => fs.existsSync(${JSON.stringify(seen)}) || setTimeout(wait, 10); wait()`
      let text = ''
      const write = (chunk: string | Uint8Array): boolean => {
        text += String(chunk)
        if (text === 'out 1\n') writeFileSync(seen, '')
        return true
      }
      await runSteps([node('a', first), node('b', `console.log('out 2')`)], 2, { out: { write } })
      expect(text).toBe('out 1\nout 2\n')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('has the environment that is given', async () => {
    let text = ''
    const out = { write: (chunk: string | Uint8Array) => ((text += String(chunk)), true) }
    const env = { ...process.env, STEP_SAYS: 'hello' }
    await runSteps([node('a', 'console.log(process.env.STEP_SAYS)'), node('b', '')], 2, { out, env })
    expect(text).toBe('hello\n')
  })
})

describe('renderResults', () => {
  it('has a line for each step', () => {
    const results = [
      { name: 'lint', passed: true, seconds: 1.26 },
      { name: 'types', passed: false, seconds: 10 },
    ]
    expect(renderResults(results)).toBe('\nok  lint (1.3 s)\nRED types (10.0 s)\n')
  })
})
