// Locks of contracts that decide against the catalogue: an extension held back, a kernel of one's own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { formatLock, type Lock } from '#specs/contract/lock.ts'
import { runCommand } from '../testing/run-command.ts'
import { lock } from './main.ts'

const folder = await mkdtemp(join(tmpdir(), 'lock-decided-'))
afterAll(() => rm(folder, { recursive: true }))
const [contract, path] = [join(folder, 'contract.yaml'), join(folder, 'upstream.lock.json')]
const OLD = 'v1.11.5'
const NEW = 'v1.12.9'
const SIGNER =
  '{issuer: https://token.actions.githubusercontent.com, subject: https://github.com/you/extensions/.github/workflows/release.yaml@refs/heads/main}'

async function run(text: string, ...args: readonly string[]) {
  await writeFile(contract, text)
  return runCommand(lock, ['--upstream', 'embedded', '--contract', contract, '--lock', path, ...args])
}

const read = async (): Promise<Lock> => JSON.parse(await readFile(path, 'utf8')) as Lock

describe('npm run lock', { timeout: 120_000 }, () => {
  it('takes what the contract holds back from the catalogue of that release, and finds no drift in it', async () => {
    const held = `variants: {a: {extensions: [bnx2-bnx2x, {name: spin, talos: ${OLD}}]}}\n`
    const written = await run(held, '--talos', NEW)
    expect(written, written.stderr).toMatchObject({ exit: 0 })
    const { talos, extensions = [] } = await read()
    expect([talos, ...extensions.map((one) => [one.name, one.held])]).toEqual([
      NEW,
      ['bnx2-bnx2x', undefined],
      ['spin', OLD],
    ])
    expect(extensions[1]).toMatchObject({ reference: 'ghcr.io/siderolabs/spin:v0.21.0', signer: {} })
    expect(await run(held, '--check')).toMatchObject({ exit: 0 })
    const hold = await run(held, '--talos', NEW, '--hold', 'spin')
    expect([hold.exit, hold.stderr]).toEqual([2, expect.stringContaining('--hold spin: the contract says')])
  })

  it('refuses to hold back what has modules for another kernel', async () => {
    const { exit, stderr } = await run(`variants: {a: {extensions: [{name: drbd, talos: ${OLD}}]}}`, '--talos', NEW)
    expect(exit).toBe(1)
    expect(stderr).toMatch(/drbd:9\.2\.14-v1\.11\.5: cannot be held: its modules are for the kernel 6\.12\.57-talos/)
  })

  it('takes kernel and base initramfs of the image that the contract names, the rest of upstream’s imager', async () => {
    const upstreams = 'variants: {a: {}}\n'
    expect(await run(upstreams, '--talos', OLD)).toMatchObject({ exit: 0 })
    const { kernel, baseInitramfs, moduleKey, ...others } = await read()
    const own = `${upstreams}kernel: {image: 'ghcr.io/you/own-kernel:${OLD}', signer: ${SIGNER}}\n`
    const written = await run(own, '--talos', OLD)
    expect(written, written.stderr).toMatchObject({ exit: 0 })
    expect(written.stdout).toMatch(/kernel 6\.12\.57-talos of ghcr\.io\/you\/own-kernel:v1\.11\.5,/)
    const { kernelImage, ...made } = await read()
    expect(kernelImage).toMatchObject({ reference: `ghcr.io/you/own-kernel:${OLD}`, signer: {} })
    expect(made).toMatchObject(others)
    for (const [name, upstream] of Object.entries({ kernel, baseInitramfs, moduleKey })) {
      expect(upstream, name).toBeDefined()
      expect(made[name as keyof typeof made], name).not.toEqual(upstream)
    }
    // The kernel anew, and nothing else.
    const stale = { size: 1, sha256: '0'.repeat(64) }
    await writeFile(path, formatLock({ ...made, kernelImage, kernel: stale, systemdBoot: stale }))
    expect(await run(own, '--update', 'kernel')).toMatchObject({ exit: 0 })
    expect(await read()).toEqual({ ...made, kernelImage, systemdBoot: stale })
  })

  it.each([
    [`own-kernel-alone:${OLD}`, /expected an imager, got a kernel of siderolabs\/pkgs alone/],
    ['board-agent:v1.0.0', /expected an image of Talos v1\.11\.5, got one of no release/],
  ])('refuses %s as a kernel of one’s own', async (name, message) => {
    const own = `variants: {a: {}}\nkernel: {image: 'ghcr.io/you/${name}', signer: ${SIGNER}}\n`
    const { exit, stderr } = await run(own, '--talos', OLD)
    expect(exit).toBe(1)
    expect(stderr).toMatch(message)
  })
})
