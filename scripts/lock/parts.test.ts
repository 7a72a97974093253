// One part of a lock anew, and one that is kept back.
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '#harness/bytes/digest.ts'
import { formatLock, parseLock, type Lock } from '#specs/contract/lock.ts'
import { runCommand } from '../testing/run-command.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'
import { lock } from './main.ts'
import { parsePart, updateParts } from './parts.ts'

const OLD = 'v1.12.9'
const NEW = 'v1.13.9'
const PATIENCE_MS = 240_000

describe('updateParts', () => {
  const image = (name: string, of: string) => ({
    reference: `ghcr.io/you/${name}:${of}`,
    digest: digestOf(Buffer.from(of)),
  })
  const OF_KERNEL = ['kernel', 'baseInitramfs', 'kernelRelease', 'sourceDate', 'moduleKey']
  /** Every fact that an image may give, each saying which reading it is of. */
  const lockOf = (of: string, { own = false } = {}): Lock =>
    ({
      schema: 2,
      talos: OLD,
      catalogue: image('extensions', of),
      installerBase: image('installer-base', of),
      imager: image('imager', of),
      ...(own && { kernelImage: image('own-kernel', of) }),
      installer: image('installer', of),
      reference: image('reference', of),
      ...Object.fromEntries(FACTS.map((name) => [name, of])),
      extensions: ['drbd', 'zfs'].map((name) => ({ name, ...image(name, of) })),
      overlays: ['rpi_generic', 'turingrk1'].map((name) => ({ name, ...image(name, of) })),
    }) as unknown as Lock
  const FACTS = [...OF_KERNEL, 'systemdStub', 'systemdBoot', 'ukiSections', 'commandLine']
  const OF_IMAGER = ['imager', 'systemdStub', 'systemdBoot']
  const [was, is] = [{ own: true }, { own: true }]

  it.for<[string, readonly string[], { own?: boolean }?, { own?: boolean }?]>([
    ['catalogue', ['catalogue']],
    ['installerBase', ['installerBase']],
    ['installer', ['installer', 'ukiSections', 'commandLine']],
    ['reference', ['reference']],
    ['imager', OF_IMAGER, was, is],
    ['kernel', ['kernelImage', ...OF_KERNEL], was, is],
    ['imager', [...OF_IMAGER, ...OF_KERNEL]],
    ['kernel', [...OF_IMAGER, ...OF_KERNEL]],
    ['imager', [...OF_IMAGER, ...OF_KERNEL, 'kernelImage'], was, {}],
    ['kernel', [...OF_IMAGER, ...OF_KERNEL, 'kernelImage'], {}, is],
    ['extensions=drbd', ['catalogue', 'extensions']],
    ['overlays=turingrk1', ['overlays']],
  ])('makes %s anew, with all that is read from its image, and no more', ([part, facts, before, after]) => {
    const [locked, read] = [lockOf('before', before), lockOf('after', after)]
    const made: Record<string, unknown> = updateParts(locked, read, parsePart(part))
    const [of, to]: Record<string, unknown>[] = [locked, read]
    const names = [...new Set([...Object.keys(locked), ...Object.keys(read)])]
    expect(names.filter((name) => made[name] !== of?.[name]).toSorted()).toEqual([...facts].toSorted())
    const single = facts.filter((name) => name !== 'extensions' && name !== 'overlays')
    expect(single.filter((name) => made[name] !== to?.[name])).toEqual([])
  })

  it('makes the named members of a list anew', () => {
    const [locked, read] = [lockOf('before'), lockOf('after')]
    const { overlays, extensions } = updateParts(
      locked,
      read,
      parsePart('overlays=turingrk1', parsePart('extensions=drbd')),
    )
    expect(overlays).toEqual([locked.overlays?.[0], read.overlays?.[1]])
    expect(extensions).toEqual([locked.extensions?.[1], read.extensions?.[0]])
    expect(() => updateParts(locked, read, parsePart('overlays=rk1'))).toThrow('the contract names no overlay rk1')
  })
})

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
    [
      'everything',
      2,
      'expected extensions=NAME,…, overlays=NAME,… or one of catalogue, installerBase, imager, kernel,',
    ],
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
