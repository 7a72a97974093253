// A release from upstream to a channel, by the commands that people type, against the embedded registry.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { ROOT } from './root.ts'
import { runCommandLine } from './testing/run-script.ts'

/** An idle machine takes twenty seconds for all of it. */
const PATIENCE_MS = 240_000

it('builds, judges, publishes and promotes', { timeout: PATIENCE_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'release-'))
  await using registry = await startRegistry()
  try {
    const { contract, key } = await writeIdentity(folder)
    const [out, report] = [join(folder, 'out'), join(folder, 'report.json')]
    const built = await runCommandLine('build', ['--upstream', 'embedded', '--output', out, '--contract', contract])
    expect(built.status, built.stderr).toBe(0)
    const lock = join(out, 'upstream.lock.json')
    const common = ['--contract', contract, '--lock', lock, '--reference', `oci:${out}/reference`]
    const inputs = [...common, '--cache', join(folder, 'cache')]

    const layouts = ['spin-only', 'spin-tailscale'].map((variant) => `oci:${out}/${variant}:v1.11.5`)
    expect(built.stdout).toContain(`npm test -- ${[...layouts, ...common].join(' ')}\n`)
    const judged = await runCommandLine('test', [...layouts, ...inputs, '--report', report])
    expect(judged.status, judged.stdout).toBe(0)

    const commit = '0123456789abcdef0123456789abcdef01234567'
    const namespace = `${registry.host}/you`
    const signing = ['--key', key, '--revision', commit, '--report', report]
    const published = await runCommandLine('publish', [out, namespace, ...inputs, ...signing])
    expect(published.status, published.stderr + published.stdout).toBe(0)
    expect(published.stdout).toMatch(/^SUP {7}5 /m)
    expect(published.stdout).toMatch(/^GREEN: 2 candidates and their release: /m)

    const image = `${namespace}/talos-spin-only:v1.11.5`
    const promoted = await runCommandLine('promote', [image, 'demo-stable', ...inputs])
    expect(promoted.status, promoted.stderr + promoted.stdout).toBe(0)
    const tags = registry.content.find('you/talos-spin-only')?.tags
    expect(tags?.get('demo-stable')).toMatch(/^sha256:/)
    expect(tags?.get('demo-stable')).toBe(tags?.get('v1.11.5'))
    expect(registry.crashes).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** A key, and the contract that is shipped with it as the only signer. */
async function writeIdentity(folder: string): Promise<{ readonly contract: string; readonly key: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const [contract, key] = [join(folder, 'contract.yaml'), join(folder, 'key.pem')]
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString().trimEnd()
  const shipped = await readFile(join(ROOT, 'specs/contract/contract.yaml'), 'utf8')
  const signer = `signing:\n  signers:\n    - publicKey: |\n${pem.replaceAll(/^/gm, ' '.repeat(8))}\n  builder:`
  const own = shipped.replace(/^signing:\n {2}signers:\n[\s\S]*? {2}builder:/m, () => signer)
  expect(own).not.toBe(shipped)
  await writeFile(contract, own)
  return { contract, key }
}
