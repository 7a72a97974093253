import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SigningError } from '#build/signing/signer.ts'
import { LOCK, writeRelease } from '#fixtures/publish/sample-release.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { runCommand } from '../testing/run-command.ts'
import { UsageError } from '../judge/usage-error.ts'
import { RefusedError } from './gate.ts'
import { publish } from './main.ts'
import { gather } from './requirements.ts'

const failed = async (problem: Error): Promise<never> => {
  throw problem
}

describe('gather', () => {
  it('gives what is there, in order', async () => {
    expect(await gather([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two'])
  })

  it('goes on with the error of the one thing that is missing, and with one that nobody foresaw', async () => {
    const [refused, bug] = [new RefusedError('not green'), new TypeError('a bug')]
    await expect(gather([Promise.resolve(1), failed(refused)])).rejects.toBe(refused)
    await expect(gather([failed(refused), failed(bug), failed(refused)])).rejects.toBe(bug)
  })

  it('has a line for each of several', async () => {
    const signer = new SigningError('KEY', 'expected a private key')
    const usage = new UsageError('no commit', { details: ['more'] })
    await expect(gather([failed(new RefusedError('not green')), failed(signer), failed(usage)])).rejects.toMatchObject({
      message: '3 things are missing before anything is published:',
      details: ['not green', 'expected a private key', 'no commit', 'more'],
    })
  })
})

it('npm run publish says all that is missing at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'publish-requirements-'))
  try {
    const [out, lock, report] = [join(folder, 'out'), join(folder, 'lock.json'), join(folder, 'none')]
    await writeRelease(out)
    await writeFile(lock, formatLock(LOCK))
    const args = [out, '127.0.0.1:1/you', '--revision', 'main', '--lock', lock, '--report', report]
    const { exit, stderr } = await runCommand(publish, args)
    expect(exit).toBe(2)
    expect(stderr.split('\n')).toEqual([
      'error: 3 things are missing before anything is published:',
      expect.stringMatching(/^ {2}expected a commit of 40 hex digits, got "main"/),
      expect.stringMatching(/^ {2}not judged green: there is no report/),
      expect.stringMatching(/^ {2}nothing says who signs: give --key FILE/),
      '',
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
