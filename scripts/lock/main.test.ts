// The lock from the embedded upstream, as a registry serves it and siderolabs signs it; and back into images.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatLock, parseLock, type Lock } from '#specs/contract/lock.ts'
import { build } from '../build/main.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { SIDERO } from '#fixtures/simulator/authority/sign-upstream.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'
import { lock } from './main.ts'

const TALOS = 'v1.11.5'
/** An idle machine takes half a second for one lock. */
const PATIENCE_MS = 240_000

let served: SignedUpstream
let cache: string
beforeAll(async () => {
  served = await serveUpstream([TALOS, 'v1.14.0'])
  cache = join(served.folder, 'cache')
})
afterAll(() => served[Symbol.asyncDispose]())

const file = (name: string): string => join(served.folder, name)
const run = (...args: readonly string[]) =>
  runCommand(lock, ['--upstream', served.namespace, '--trusted-root', served.trustedRoot, '--cache', cache, ...args])
const read = async (path: string): Promise<Lock> => parseLock(await readFile(path), path)

describe('npm run lock', { timeout: PATIENCE_MS }, () => {
  it('writes what upstream says, the same each time', async () => {
    const first = await run('--talos', TALOS, '--lock', file('first.json'))
    expect(first, first.stderr).toMatchObject({ exit: 0 })
    expect(first.stderr).not.toMatch(/^(?:note|offline):/m)
    const again = await run('--talos', TALOS, '--lock', file('again.json'), '--cache', file('cold'))
    expect(again, again.stderr).toMatchObject({ exit: 0 })
    const text = await readFile(file('first.json'), 'utf8')
    expect(await readFile(file('again.json'), 'utf8')).toBe(text)
    expect(formatLock(await read(file('first.json')))).toBe(text)
    expect(first.stdout).toMatch(/^ {2}release {5}Talos v1\.11\.5, kernel 6\.12\.57-talos, 2025-11-06T12:35:51Z$/m)
    expect(first.stdout).toContain(
      '  signed      11 of 11 images by someone@siderolabs.com (https://accounts.google.com)\n',
    )
  })

  it('refuses a lock of which only the release was moved, before it asks anybody', async () => {
    await writeFile(file('moved.json'), JSON.stringify({ ...(await read(file('first.json'))), talos: 'v1.14.0' }))
    const asked = served.registry.requests.length
    const { exit, stdout, stderr } = await run('--check', '--lock', file('moved.json'))
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(
      /^error: the lock .*moved\.json is not as it must be: .*; a lock is written by: npx talos-image lock --talos/,
    )
    expect(stderr).toMatch(/expected v1\.14\.0 as in talos, got "v1\.11\.5"/)
    expect(served.registry.requests).toHaveLength(asked)
  })

  it('agrees with what the embedded upstream pins, and adds what only a registry has', async () => {
    const made = await read(file('first.json'))
    const { extensions: expected = [], reference: _, overlays: _boards, ...facts } = await served.upstream.lock(TALOS)
    const { extensions = [], commandLine, ukiSections, moduleKey, ...rest } = unsigned(made)
    expect({ ...rest, catalogue: { ...rest.catalogue, images: undefined } }).toEqual({
      ...facts,
      catalogue: { ...facts.catalogue, images: undefined },
    })
    expect(extensions.map(({ name }) => name)).toEqual(
      expected.map(({ name }) => name).filter((name) => !/gvisor|iscsi-tools|lldpd|metal-agent/.test(name)),
    )
    for (const one of extensions) expect(one).toEqual(expected.find(({ name }) => name === one.name))
    expect(made.catalogue?.images).toHaveLength(11)
    expect(made.catalogue?.images).toEqual(made.catalogue?.images?.toSorted())
    expect(commandLine).toMatch(/^talos\.platform=metal console=ttyAMA0 /)
    expect(ukiSections).toEqual([
      '.osrel',
      '.cmdline',
      '.uname',
      '.linux',
      '.initrd',
      '.profile',
      '.profile',
      '.cmdline',
    ])
    const key = served.upstream.releases.get(TALOS)?.key
    expect(moduleKey).toEqual({ keyId: key?.keyId, certificateSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const signers = [made.catalogue, made.installerBase, made.imager, made.installer, ...(made.extensions ?? [])]
    expect(signers.map((one) => one?.signer)).toEqual(signers.map(() => SIDERO))
  })

  it('is the same without the network, once it was read with it', async () => {
    const before = served.registry.requests.length
    const offline = await run('--talos', TALOS, '--offline', '--lock', '-')
    expect(offline, offline.stderr).toMatchObject({ exit: 0, stdout: await readFile(file('first.json'), 'utf8') })
    expect(served.registry.requests.length).toBe(before)
  })

  it('leaves out what upstream does not publish', async () => {
    const { exit, stdout, stderr } = await run('--talos', 'v1.14.0', '--lock', '-')
    expect(exit, stderr).toBe(0)
    const made = parseLock(Buffer.from(stdout), 'stdout')
    expect([made.installer, made.commandLine, made.ukiSections]).toEqual([undefined, undefined, undefined])
    expect(made.talos).toBe('v1.14.0')
  })

  it('finds the newest stable release of the contract', async () => {
    served.registry.content.find('siderolabs/installer-base')?.tags.set('v1.14.1-rc.0', 'sha256:0' as never)
    served.registry.content.find('siderolabs/installer-base')?.tags.set('v1.99.0', 'sha256:0' as never)
    const { exit, stdout, stderr } = await run('--latest', '--lock', '-')
    expect(exit, stderr).toBe(0)
    expect(parseLock(Buffer.from(stdout), 'stdout').talos).toBe('v1.14.0')
  })

  it('pins the reference with its extensions', async () => {
    const image = `${served.registry.host}/cozystack/cozystack/talos:${TALOS}`
    const { exit, stdout, stderr } = await run('--talos', TALOS, '--reference', image, '--lock', '-')
    expect(exit, stderr).toBe(0)
    const { reference } = await served.upstream.lock(TALOS)
    expect(parseLock(Buffer.from(stdout), 'stdout').reference).toEqual({ ...reference, reference: image })
    expect(stderr).toContain('it does not say of which release of CozyStack it is')
  })

  it('reads parts on disk', async () => {
    const inputs = join(ROOT, 'fixtures/golden/inputs', TALOS)
    const { exit, stdout } = await runCommand(lock, ['--from', inputs, '--talos', TALOS, '--lock', '-'])
    expect([exit, stdout]).toEqual([0, await readFile(join(ROOT, `fixtures/golden/lock-${TALOS}.json`), 'utf8')])
    const other = await runCommand(lock, ['--from', inputs, '--talos', 'v1.11.4', '--lock', file('other.json')])
    expect(other).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('expected parts of Talos v1.11.4, got v1.11.5'),
    })
    expect(await readdir(served.folder)).not.toContain('other.json')
  })
})

describe('npm run lock -- --check', { timeout: PATIENCE_MS }, () => {
  const check = (path: string) => run('--check', '--lock', file(path))

  it('says that nothing changed', async () => {
    const { exit, stdout, stderr } = await check('first.json')
    expect({ exit, stdout }, stderr).toEqual({
      exit: 0,
      stdout: `${file('first.json')}: as upstream has it, Talos ${TALOS}\n`,
    })
  })

  it('names every fact that drifted, and writes nothing', async () => {
    const { imager, ...made } = await read(file('first.json'))
    const drifted = formatLock({
      ...made,
      kernelRelease: '6.12.1-talos',
      extensions: (made.extensions ?? []).map((one) => (one.name === 'drbd' ? { ...one, version: '9.1' } : one)),
    })
    await writeFile(file('drifted.json'), drifted)
    const { exit, stdout, stderr } = await check('drifted.json')
    expect(exit, stderr).toBe(3)
    expect(stdout.trimEnd().split('\n')).toEqual([
      'extensions.drbd.version: the lock has 9.1, upstream has 9.2.14-v1.11.5',
      `imager.digest: the lock has nothing, upstream has ${imager?.digest}`,
      `imager.reference: the lock has nothing, upstream has ${imager?.reference}`,
      'imager.signer.issuer: the lock has nothing, upstream has https://accounts.google.com',
      'imager.signer.subject: the lock has nothing, upstream has someone@siderolabs.com',
      'kernelRelease: the lock has 6.12.1-talos, upstream has 6.12.57-talos',
    ])
    expect(await readFile(file('drifted.json'), 'utf8')).toBe(drifted)
  })

  it('distinguishes drift and a lock that is not there, or says nothing', async () => {
    expect(await check('nowhere.json')).toMatchObject({ exit: 2, stdout: '' })
    await writeFile(file('empty.json'), '{"schema": 2}')
    expect(await check('empty.json')).toMatchObject({ exit: 2, stderr: expect.stringContaining('names no release') })
  })
})

it('builds the same images from the registry as from the parts', { timeout: PATIENCE_MS }, async () => {
  const digests: unknown[] = []
  for (const upstream of [served.namespace, 'embedded']) {
    const output = join(served.folder, upstream === 'embedded' ? 'embedded' : 'registry')
    const args = ['--upstream', upstream, '--lock', file('first.json'), '--output', output, '--cache', cache]
    const { exit, stdout, stderr } = await runCommand(build, args)
    expect(exit, stderr).toBe(0)
    digests.push(stdout.match(/sha256:[0-9a-f]{64}/g))
  }
  expect(digests[0]).toHaveLength(4)
  expect(digests[0]).toEqual(digests[1])
})

/** Without what only signatures say. */
function unsigned(made: Lock): Lock {
  return JSON.parse(JSON.stringify(made, (key, value: unknown) => (key === 'signer' ? undefined : value))) as Lock
}
