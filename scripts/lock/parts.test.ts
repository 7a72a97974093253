// One part of a lock anew, and one that is kept back.
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatLock, parseLock, type Lock } from '#specs/contract/lock.ts'
import { runCommand } from '../testing/run-command.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'
import { lock } from './main.ts'

const OLD = 'v1.12.9'
const NEW = 'v1.13.9'
const PATIENCE_MS = 120_000

describe('npm run lock', { timeout: PATIENCE_MS }, () => {
  let served: SignedUpstream
  let older: string
  beforeAll(async () => {
    served = await serveUpstream([OLD, NEW])
    older = file('older.json')
    const { exit, stderr } = await run('--talos', OLD, '--lock', older)
    expect(exit, stderr).toBe(0)
  }, PATIENCE_MS)
  afterAll(() => served[Symbol.asyncDispose]())

  const file = (name: string): string => join(served.folder, name)
  const run = (...args: readonly string[]) =>
    runCommand(lock, [
      ...args,
      '--accept-moved',
      ...['--upstream', served.namespace, '--trusted-root', served.trustedRoot, '--cache'].concat(file('cache')),
    ])
  const read = async (path: string): Promise<Lock> => parseLock(await readFile(path), path)
  const copy = async (name: string): Promise<string> => {
    await copyFile(older, file(name))
    return file(name)
  }
  /** The lock as it was, with another content of these extensions. */
  const stale = async (name: string, ...names: readonly string[]): Promise<string> => {
    const locked = await read(older)
    const extensions = locked.extensions?.map((one) =>
      names.includes(one.name) ? { ...one, content: '0'.repeat(64) } : one,
    )
    await writeFile(file(name), formatLock({ ...locked, ...(extensions && { extensions }) }))
    return file(name)
  }
  const lines = (text: string): ReadonlySet<string> => new Set(text.split('\n'))

  it('makes one extension anew, in the lines of that extension', async () => {
    const path = await stale('stale.json', 'drbd', 'zfs')
    const before = await readFile(path, 'utf8')
    const { exit, stderr } = await run('--update', 'extensions=drbd', '--lock', path)
    expect(exit, stderr).toBe(0)
    const [good, after] = [await read(older), await read(path)]
    const contentOf = ({ extensions = [] }: Lock, name: string) => extensions.find((one) => one.name === name)?.content
    expect([contentOf(after, 'drbd'), contentOf(after, 'zfs')]).toEqual([contentOf(good, 'drbd'), '0'.repeat(64)])
    // One fact is one line: that is all that a pull request shows.
    const [was, is] = [lines(before), lines(await readFile(path, 'utf8'))]
    expect([...is].filter((line) => !was.has(line))).toEqual([`      "content": "${contentOf(good, 'drbd')}",`])
  })

  it.each([
    ['extensions=nothing', 2, 'the contract names no extension nothing'],
    ['everything', 2, 'expected extensions=NAME,… or one of catalogue'],
  ])('refuses to make %s anew', async (part, exit, message) => {
    const path = await copy('refused.json')
    const outcome = await run('--update', part, '--lock', path)
    expect(outcome).toMatchObject({ exit, stderr: expect.stringContaining(message) })
    expect(await readFile(path, 'utf8')).toBe(await readFile(older, 'utf8'))
  })

  it('keeps an extension back, signed and in the range of its manifest', async () => {
    const path = await copy('held.json')
    const { exit, stderr } = await run('--talos', NEW, '--hold', 'spin', '--lock', path)
    expect(exit, stderr).toBe(0)
    const [before, after] = [await read(older), await read(path)]
    const find = ({ extensions = [] }: Lock, name: string) => extensions.find((one) => one.name === name)
    expect(after.talos).toBe(NEW)
    expect(find(after, 'spin')).toEqual({ ...find(before, 'spin'), held: OLD })
    expect(find(after, 'tailscale')?.version).toBe('1.102.2')
    expect(stderr).toMatch(/^note: spin is held at \S+\/spin:v0\.23\.0, of the catalogue of v1\.12\.9/m)
    // Compared with upstream, what is held is no drift.
    expect(await run('--check', '--lock', path)).toMatchObject({ exit: 0 })
  })

  it('does not keep modules of another kernel', async () => {
    const path = await copy('drbd.json')
    const { exit, stderr } = await run('--talos', NEW, '--hold', 'drbd', '--lock', path)
    expect([exit, stderr]).toEqual([
      1,
      expect.stringContaining(
        'its modules are for the kernel 6.18.35-talos, and that of Talos v1.13.9 is 6.18.44-talos',
      ),
    ])
    expect(await readFile(path, 'utf8')).toBe(await readFile(older, 'utf8'))
  })

  it('does not keep what is not signed', async () => {
    await served.unsign('spin')
    const path = await copy('unsigned.json')
    const { exit, stderr } = await run('--talos', NEW, '--hold', 'spin', '--lock', path)
    expect([exit, stderr]).toEqual([1, expect.stringContaining('cannot be held: it is not signed')])
  })
})
