// The lock where upstream may have a fact or not: it reports the absence, and is written without the fact.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLock } from '#specs/contract/lock.ts'
import { runCommand, type CommandOutcome } from '../testing/run-command.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'
import { lock } from './main.ts'

const TALOS = 'v1.11.5'
/** An idle machine takes half a second for one lock. */
const PATIENCE_MS = 240_000

const run = (served: SignedUpstream, ...args: readonly string[]): Promise<CommandOutcome> => {
  const { namespace, trustedRoot, folder } = served
  const where = ['--upstream', namespace, '--trusted-root', trustedRoot, '--cache', join(folder, 'cache')]
  return runCommand(lock, [...where, '--talos', TALOS, '--lock', join(folder, 'lock.json'), ...args])
}

describe('npm run lock', { timeout: PATIENCE_MS }, () => {
  it('says what is not signed, and names no signer', async () => {
    await using served = await serveUpstream([TALOS])
    await served.unsign('zfs')
    const { exit, stderr } = await run(served)
    expect(exit, stderr).toBe(0)
    expect(stderr).toMatch(/^note: \S+\/siderolabs\/zfs:2\.3\.3-v1\.11\.5: it is not signed$/m)
    const path = join(served.folder, 'lock.json')
    const { extensions = [] } = parseLock(await readFile(path), path)
    expect(extensions.filter(({ signer }) => signer === undefined).map(({ name }) => name)).toEqual(['zfs'])
  })

  it('verifies nothing where it is asked to, and needs no trusted root then', async () => {
    await using served = await serveUpstream([TALOS])
    await served.signByOther('imager')
    const { exit, stdout, stderr } = await run(served, '--no-verify')
    expect(exit, stderr).toBe(0)
    expect(stderr).toContain('note: signatures were not verified: the lock names no signers\n')
    expect(stdout).toContain('  signed      0 of 11 images\n')
  })

  it('keeps the digest of the catalogue where it may', async () => {
    await using served = await serveUpstream([TALOS])
    await served.put('drbd', '9.2.14-v1.11.5', served.imageOf('zfs').built)
    expect(await run(served)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('; --accept-moved keeps the catalogue'),
    })
    const { exit, stderr } = await run(served, '--accept-moved')
    expect(exit, stderr).toBe(0)
    expect(stderr).toMatch(/^note: \S+\/drbd:9\.2\.14-v1\.11\.5: the tag moved: /m)
    const checked = await run(served, '--check')
    expect(checked, checked.stderr).toMatchObject({ exit: 0, stderr: expect.stringContaining('the tag moved') })
  })

  it('notes that a tag moved which is pushed with every release', async () => {
    await using served = await serveUpstream([TALOS])
    await served.put('spin', 'v0.21.0', served.imageOf('zfs').built)
    const { exit, stderr } = await run(served)
    expect(exit, stderr).toBe(0)
    expect(stderr).toMatch(/^note: \S+\/spin:v0\.21\.0: the tag moved: /m)
  })

  it('sorts what the catalogue lists', async () => {
    await using served = await serveUpstream([TALOS])
    const listed = served.upstream.images.filter(({ kind }) => kind === 'extension')
    const lines = listed.map(({ reference, digest }) => `${reference}@${digest}`)
    await served.putCatalogue(TALOS, lines.toReversed())
    const { exit, stderr } = await run(served)
    expect(exit, stderr).toBe(0)
    const path = join(served.folder, 'lock.json')
    expect(parseLock(await readFile(path), path).catalogue?.images).toEqual(lines.toSorted())
  })

  it('does without an installer that is not there', async () => {
    await using served = await serveUpstream([TALOS])
    await served.registry.content.deleteTag('siderolabs/installer', TALOS)
    const { exit, stderr } = await run(served)
    expect(exit, stderr).toBe(0)
    expect(stderr).toMatch(
      /^note: \S+\/installer:v1\.11\.5: there is none: the lock has no installer, commandLine and ukiSections$/m,
    )
  })

  it('leaves an older lock as it was', async () => {
    await using served = await serveUpstream([TALOS])
    const path = join(served.folder, 'lock.json')
    await writeFile(path, '{"schema": 1}')
    await served.signByOther('imager')
    expect(await run(served)).toMatchObject({ exit: 1 })
    expect(await readFile(path, 'utf8')).toBe('{"schema": 1}')
  })
})
