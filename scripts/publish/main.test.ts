// `npm run publish` on small releases: what it refuses, what it hands to the verdict, and one that is judged for real.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { CONFORMANCE_TYPE } from '#build/publish/attachments.ts'
import { BUNDLE_TYPE } from '#build/signing/artifacts.ts'
import { LOCK, openRelease, TALOS, VARIANTS, writeRelease } from '#fixtures/publish/sample-release.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { formatLock } from '#specs/contract/lock.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { loadContract, loadLock } from '../judge/candidates/inputs.ts'
import { greenReport, withRule } from '../check-oracles-slow/races/green-report.ts'
import { publish } from './main.ts'

const folder = await mkdtemp(join(tmpdir(), 'publish-command-'))
afterAll(() => rm(folder, { recursive: true }))
const out = join(folder, 'out')
const lock = join(folder, 'lock.json')
const report = join(folder, 'report.json')
const key = join(folder, 'key.pem')
await writeRelease(out)
await writeFile(lock, formatLock(LOCK))
const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
await writeFile(key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const COMMIT = '1'.repeat(40)
const REQUEST = 'ACTIONS_ID_TOKEN_REQUEST'

/** A verdict as green as it must be, changed by `change`. */
async function writeReport(change: (green: Conformance) => Conformance = (green) => green): Promise<void> {
  const publications = await openRelease(out, 'you')
  const images = publications.map(({ layout }) => ({
    reference: `oci:${layout.folder}`,
    digest: layout.installer.descriptor.digest,
    assetsDigest: layout.assets.descriptor.digest,
    variant: layout.variant,
  }))
  await Promise.all(publications.map(({ layout }) => layout.close()))
  const contract = await loadContract(undefined)
  const locked = (await loadLock(lock))?.sha256 ?? ''
  const green = greenReport(images, { contract: contract.sha256, lock: locked, value: contract.value })
  await writeFile(report, JSON.stringify(change(green)))
}

/** Over in half a year, whenever the test runs. */
const WAIVER = {
  id: 'EXT-015',
  expires: new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10),
  reason: 'upstream fixes it in the next release',
}
let judged: (readonly string[])[] = []
let [stdout, stderr] = ['', '']
const spies: MockInstance[] = []
beforeEach(async () => {
  judged = []
  ;[stdout, stderr] = ['', '']
  spies.push(
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true)),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true)),
  )
  for (const name of ['SIGSTORE_ID_TOKEN', `${REQUEST}_URL`, `${REQUEST}_TOKEN`, 'COSIGN_PASSWORD'])
    vi.stubEnv(name, undefined)
  await writeReport()
})
afterEach(() => {
  for (const spy of spies.splice(0)) spy.mockRestore()
  vi.unstubAllEnvs()
})

const run = (args: readonly string[], status = 0): Promise<number> =>
  publish([...args, '--lock', lock, '--report', report], async (given) => {
    judged.push(given)
    return status
  })
const usual = ({ host }: Registry): readonly string[] => [out, `${host}/you`, '--no-sign', '--revision', COMMIT]

describe('npm run publish', () => {
  it('pushes, says what is where, judges it there, and says what comes next', async () => {
    await using registry = await startRegistry()
    expect(await run(usual(registry))).toBe(0)
    expect(registry.content.find('you/talos-spin-only')?.tags.has(TALOS)).toBe(true)
    expect(judged).toHaveLength(1)
    const references = VARIANTS.map((variant) => `${registry.host}/you/talos-${variant}:${TALOS}`)
    expect(judged[0]?.slice(0, 2)).toEqual(references)
    expect(judged[0]).toEqual(
      expect.arrayContaining(['--lock', lock, '--report', expect.stringMatching(/published\.json$/)]),
    )
    expect(stdout).toMatch(new RegExp(`^${registry.host}/you/talos-spin-only\n  ${TALOS} +sha256:`))
    expect(stdout).toContain('9 blobs pushed, 1 mounted, 0 there already; 12 manifests attached')
    expect(stdout).toContain(`npm run promote -- ${references[0]} CHANNEL --lock ${lock}`)
    expect(stderr.split('\n').slice(0, 2)).toEqual(['looking at what is there', 'pushing blobs'])
    expect(stderr.match(/^warning: no bill of materials is attached to \S+: /gm)).toHaveLength(4)
  })

  it('ends as the verdict does', async () => {
    await using registry = await startRegistry()
    expect(await run(usual(registry), 1)).toBe(1)
    expect(stdout).not.toContain('next:')
    expect(await run([...usual(registry), '--no-verify'])).toBe(0)
    expect(judged).toHaveLength(1)
    expect(stdout).toContain('was there already, and stays')
  })

  it('says what a rerun goes on with where the registry stops to answer half-way', async () => {
    const fails = {
      when: { method: 'PUT', path: /manifests\/v1\.11\.5$/ },
      do: { kind: 'status', status: 403 },
    } as const
    await using registry = await startRegistry({ faults: [fails] })
    expect(await run(usual(registry))).toBe(2)
    expect(stderr).toMatch(/no version tag names half of it: rerun to resume\nerror: [^\n]+\n$/)
    expect(judged).toEqual([])
  })

  it('logs in by --username, and so does the verdict', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', users: [{ name: 'me', password: 'secret' }] } })
    vi.stubEnv('DOCKER_CONFIG', folder)
    vi.stubEnv('HOME', folder)
    const input = Readable.from(['secret\n']) as typeof process.stdin
    vi.spyOn(process, 'stdin', 'get').mockReturnValueOnce(input)
    expect(await run([...usual(registry), '--username', 'me', '--password-stdin'])).toBe(0)
    expect(judged[0]).toEqual(expect.arrayContaining(['--username', 'me', '--password-stdin']))
    expect(await run([...usual(registry), '--password-stdin'])).toBe(2)
    expect(stderr).toMatch(/go together\n$/)
  })

  it('takes one variant alone', async () => {
    await using registry = await startRegistry()
    expect(await run([...usual(registry), '--variant', 'spin-tailscale'])).toBe(0)
    expect(registry.content.repositories().map(({ name }) => name)).toEqual(['you/talos-spin-tailscale'])
  })

  it('signs with a key that the contract names', async () => {
    await using registry = await startRegistry()
    const withKey = [...usual(registry).filter((arg) => arg !== '--no-sign'), '--key', key]
    expect(await run(withKey)).toBe(2)
    expect(stderr).toMatch(/does not name key sha256:[\da-f]{64} among signing.signers, so that SUP-001 would be red/)
    expect(registry.requests).toEqual([])
    expect(await run([...withKey, '--force'])).toBe(0)
    const types = [...(registry.content.find('you/talos-spin-only')?.manifests.values() ?? [])].map(
      ({ artifactType }) => artifactType,
    )
    expect(types.filter((type) => type === BUNDLE_TYPE)).toHaveLength(6)
    expect(types.filter((type) => type === CONFORMANCE_TYPE)).toHaveLength(2)
    await using narrow = await startRegistry({ features: { artifacts: false } })
    const there = [...withKey.map((arg) => arg.replace(registry.host, narrow.host)), '--force']
    expect([await run(there), stderr]).toEqual([2, expect.stringMatching(/: .*--tag-signatures-only attaches by/)])
    expect([await run([...there, '--tag-signatures-only']), stdout]).toEqual([
      0,
      expect.stringMatching(/\n.* 8 manifests/),
    ])
  })

  const changes: readonly (readonly [string, (green: Conformance) => Conformance, RegExp])[] = [
    ['whose rule is red', (green) => withRule(green, 'KRN-001', { status: 'fail' }), /has red KRN-001 fail/],
    [
      'of one target',
      (green) => ({ ...green, candidates: green.candidates.map((one) => ({ ...one, targets: ['image'] })) }),
      /does not judge the whole of/,
    ],
  ]
  it('publishes what is green by a waiver, and the provenance says by which', async () => {
    await using registry = await startRegistry()
    await writeReport((green) => withRule(green, 'EXT-015', { status: 'waived', waivers: [WAIVER] }))
    expect(await run(usual(registry))).toBe(0)
    const verdict = `conforms, 1 waived (EXT-015 until ${WAIVER.expires})`
    expect(stderr).toContain(`${verdict}: the provenance says so\n`)
    const { reason, expires } = WAIVER
    const provenance = await readProvenance(registry)
    expect(provenance.predicate.buildDefinition.externalParameters).toMatchObject({
      verdict,
      forced: false,
      waived: [{ rule: 'EXT-015', expires, reason }],
    })
  })

  it.each(changes)('refuses a verdict %s, unless forced', async (_, change, message) => {
    await using registry = await startRegistry()
    await writeReport(change)
    expect(await run(usual(registry))).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: not judged green: [^\n]+\n$/)
    expect(registry.requests).toEqual([])

    expect(await run([...usual(registry), '--force', '--variant', 'spin-only,spin-tailscale'])).toBe(0)
    expect(stderr).toMatch(/warning: forced, and the provenance says so/)
    const provenance = await readProvenance(registry)
    expect(provenance.predicate.buildDefinition.externalParameters).toMatchObject({
      forced: true,
      verdict: expect.stringMatching(message),
    })
  })

  it.each<[string, readonly string[], RegExp, 1 | 2]>([
    ['no report', ['--no-sign', '--report', join(folder, 'none')], /there is no report/, 1],
    ['something else as a report', ['--no-sign', '--report', lock], /is no report of npm test/, 1],
    ['no signer', [], /nothing says who signs: give --key FILE/, 2],
    ['a key that is none', ['--key', lock], /expected a private key/, 2],
    ['a key that is not there', ['--key', join(folder, 'none')], /cannot be read/, 2],
    ['a key and none', ['--key', key, '--no-sign'], /do not go together/, 2],
    ['a revision that is none', ['--no-sign', '--revision', 'main'], /commit of 40 hex digits/, 2],
    ['an unknown variant', ['--no-sign', '--variant', 'x'], /unknown variant x/, 2],
    ['a lock of nothing', ['--no-sign', '--lock', 'specs/contract/upstream.lock.json'], /pins no Talos release/, 2],
    ['another contract', ['--no-sign', '--contract', join(folder, 'none.yaml')], /contract .* cannot be read/, 2],
  ])('refuses %s with one sentence', async (_, args, message, status) => {
    await using registry = await startRegistry()
    const given = [out, `${registry.host}/you`, '--revision', COMMIT, '--lock', lock, '--report', report, ...args]
    expect(await publish(given, async () => 0)).toBe(status)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(registry.requests).toEqual([])
  })

  it.each([['you'], ['docker:you'], ['ghcr.io/You'], ['ghcr.io/you:v1'], [''], ['oci:x']])(
    'refuses to publish to "%s"',
    async (namespace) => {
      expect(await run([out, namespace, '--no-sign'])).toBe(2)
      expect(stderr).toMatch(/expected REGISTRY\/NAMESPACE such as ghcr\.io\/you/)
    },
  )

  it('refuses a version tag that names other bytes, forced or not', async () => {
    await using registry = await startRegistry()
    await registry.content.putManifest('you/talos-spin-only', Buffer.from('{}'), 'text/plain', { tag: TALOS })
    expect(await run([...usual(registry), '--force'])).toBe(1)
    expect(stderr).toMatch(/a published tag never moves/)
    expect(registry.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('says in one sentence that a registry does not let it', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', users: [] } })
    vi.stubEnv('DOCKER_CONFIG', folder)
    vi.stubEnv('HOME', folder)
    expect(await run(usual(registry))).toBe(2)
    expect(stderr).toMatch(/error: .*no credentials for it were found; log in with docker login/)
  })
})

async function readProvenance({ content }: Registry) {
  const repository = 'you/talos-spin-only'
  for (const record of content.find(repository)?.manifests.values() ?? []) {
    if (record.artifactType !== 'application/vnd.in-toto+json') continue
    const manifest = JSON.parse(Buffer.from((await content.readManifest(record)) ?? []).toString())
    const blob = await content.openBlob(repository, manifest.layers[0].digest)
    if (blob !== undefined) return JSON.parse(Buffer.from(await blob.source.read(0, blob.source.size)).toString())
  }
  throw new Error('no provenance')
}
