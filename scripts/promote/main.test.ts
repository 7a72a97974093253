// `npm run promote`: where channels go, and where they stay.
import { mkdtemp, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { OCI_MANIFEST } from '#harness/oci/image/media-types.ts'
import type { Digest } from '#harness/bytes/digest.ts'
import { json } from '#harness/testing/oci-samples.ts'
import type { Features } from '#fixtures/simulator/registry/settings.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { greenJudge, withRule } from '../check-oracles-slow/races/green-report.ts'
import { promote } from './main.ts'

const REPOSITORY = 'you/talos-spin-only'
const descriptor = { mediaType: 'application/x', digest: `sha256:${'0'.repeat(64)}`, size: 1 }
const imageOf = (text: string): Buffer =>
  json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [], annotations: { text } })

/** `v1` with assets, `v2` with assets, `v3` without. */
async function started(
  features: Partial<Features> = {},
  users: readonly { readonly name: string; readonly password: string }[] = [],
): Promise<Registry & { readonly digests: ReadonlyMap<string, Digest> }> {
  const registry = await startRegistry({
    features: { sparse: true, ...features },
    ...(users.length > 0 && { auth: { kind: 'basic', users } }),
  })
  const digests = new Map<string, Digest>()
  for (const tag of ['v1.0.0', 'v1.0.0-assets', 'v2.0.0', 'v2.0.0-assets', 'v3.0.0'])
    digests.set(tag, await registry.content.putManifest(REPOSITORY, imageOf(tag), OCI_MANIFEST, { tag }))
  return { ...registry, digests }
}

const folder = await mkdtemp(join(tmpdir(), 'promote-'))
afterAll(() => rm(folder, { recursive: true }))
const report = join(folder, 'promoted.json')

let judged: (readonly string[])[] = []
let [stdout, stderr] = ['', '']
const spies: MockInstance[] = []
beforeEach(() => {
  judged = []
  ;[stdout, stderr] = ['', '']
  spies.push(
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true)),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true)),
  )
})
afterEach(() => {
  for (const spy of spies.splice(0)) spy.mockRestore()
})

const run = (
  { host }: Registry,
  tag: string,
  channel: string,
  status = 0,
  ...more: readonly string[]
): Promise<number> =>
  promote([`${host}/${REPOSITORY}:${tag}`, channel, '--report', report, ...more], (args) => {
    judged.push(args)
    return greenJudge(undefined, status)(args)
  })
/** Judges it green, and sets `tag` to what `other` names while it does. */
const meanwhile =
  ({ content, digests }: Awaited<ReturnType<typeof started>>, tag: string, other: string) =>
  async (args: readonly string[]): Promise<number> => {
    await content.setTag(REPOSITORY, tag, digests.get(other) ?? ('' as Digest))
    return greenJudge()(args)
  }
const tagOf = ({ content }: Registry, tag: string) => content.find(REPOSITORY)?.tags.get(tag)
const puts = ({ requests }: Registry): readonly string[] =>
  requests.filter(({ method }) => method === 'PUT').map(({ path }) => path.slice(path.lastIndexOf('/') + 1))

describe('npm run promote', () => {
  it('moves the channel of both images by digest, and says what it was', async () => {
    await using registry = await started()
    expect(await run(registry, 'v1.0.0', 'demo-stable')).toBe(0)
    const [first, firstAssets] = [registry.digests.get('v1.0.0'), registry.digests.get('v1.0.0-assets')]
    expect([tagOf(registry, 'demo-stable'), tagOf(registry, 'demo-stable-assets')]).toEqual([first, firstAssets])
    const at = `${registry.host}/${REPOSITORY}`
    expect(judged[0]?.slice(0, 3)).toEqual([`${at}:v1.0.0@${first}`, '--assets', `${at}@${firstAssets}`])
    expect(judged[0]).toContain('--from-bytes')
    expect(stdout).toContain(`${at}:demo-stable was nothing, is ${first}\n`)
    expect(puts(registry)).toEqual(['demo-stable-assets', 'demo-stable'])

    expect(await run(registry, 'v2.0.0', 'demo-stable')).toBe(0)
    expect(stdout).toContain(`${at}:demo-stable was ${first}, is ${registry.digests.get('v2.0.0')}\n`)
    const before = registry.requests.length
    expect(await run(registry, 'v2.0.0', 'demo-stable')).toBe(0)
    expect(stdout).toContain(`${at}:demo-stable stays at ${registry.digests.get('v2.0.0')}\n`)
    expect(registry.requests.slice(before).every(({ method }) => method === 'GET')).toBe(true)
  })

  it('moves to what was judged, wherever the tag goes meanwhile', async () => {
    await using registry = await started()
    const status = await promote(
      [`${registry.host}/${REPOSITORY}:v1.0.0`, 'demo', '--report', report],
      meanwhile(registry, 'v1.0.0', 'v2.0.0'),
    )
    expect([status, tagOf(registry, 'demo')]).toEqual([0, registry.digests.get('v1.0.0')])
  })

  it('takes an image without assets where the channel has none', async () => {
    await using registry = await started()
    expect(await run(registry, 'v3.0.0', 'demo')).toBe(0)
    expect(judged[0]).not.toContain('--assets')
    expect(puts(registry)).toEqual(['demo'])
    await run(registry, 'v1.0.0', 'other')
    expect(await run(registry, 'v3.0.0', 'other')).toBe(2)
    expect(stderr).toMatch(/there is no asset image beside it, but other-assets names one/)
  })

  it.each([1, 2, 130])('moves nothing where the verdict is %i, and ends with it', async (status) => {
    await using registry = await started()
    expect(await run(registry, 'v1.0.0', 'demo', status)).toBe(status)
    expect(stderr).toContain('demo is not made')
    expect(puts(registry)).toEqual([])
  })

  it.each([true, false])('leaves a channel that somebody else moved meanwhile (conditions: %s)', async (conditions) => {
    await using registry = await started({ conditions })
    await run(registry, 'v1.0.0', 'demo')
    for (const channel of ['demo', 'demo-assets']) {
      const before = puts(registry).length
      const status = await promote(
        [`${registry.host}/${REPOSITORY}:v2.0.0`, 'demo', '--report', report],
        meanwhile(registry, channel, 'v3.0.0'),
      )
      expect(status).toBe(2)
      const [first, third] = [registry.digests.get('v1.0.0'), registry.digests.get('v3.0.0')]
      expect(stderr).toContain(
        `${channel} was ${channel === 'demo' ? first : registry.digests.get('v1.0.0-assets')} when`,
      )
      expect(stderr).toContain(`is ${third} now: somebody else moves it`)
      expect(tagOf(registry, channel)).toBe(third)
      // The assets were moved before, and went back.
      expect(puts(registry).slice(before)).toEqual(channel === 'demo' ? ['demo-assets', 'demo-assets'] : [])
      await registry.content.setTag(REPOSITORY, 'demo', first ?? ('' as Digest))
      expect(tagOf(registry, 'demo-assets')).toBe(channel === 'demo' ? registry.digests.get('v1.0.0-assets') : third)
    }
  })

  it('says what is waived of what it moves to', async () => {
    await using registry = await started()
    const expires = new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10)
    const waivers = [{ id: 'EXT-015', expires, reason: 'upstream fixes it in the next release' }]
    const judge = greenJudge((green) => withRule(green, 'EXT-015', { status: 'waived', waivers }))
    expect(await promote([`${registry.host}/${REPOSITORY}:v1.0.0`, 'demo', '--report', report], judge)).toBe(0)
    expect(stderr).toContain(`conforms, 1 waived (EXT-015 until ${expires})`)
  })

  const WRONG: readonly (readonly [string, (green: Conformance) => Conformance, RegExp])[] = [
    ['has a red rule', (green) => withRule(green, 'KRN-003', { status: 'fail' }), /has red KRN-003 fail/],
    [
      'lacks the signatures',
      (green) => withRule(green, 'SUP-001', { status: 'not-applicable' }),
      /did not judge SUP-001/,
    ],
    [
      'waives a foreign kernel',
      (green) =>
        withRule(green, 'KRN-003', {
          status: 'waived',
          waivers: [{ id: 'KRN-003', expires: '2026-12-31', reason: 'a foreign kernel, and no signature' }],
        }),
      /waives what it must not: KRN-003/,
    ],
    ['is of another version', (green) => ({ ...green, rules: '0.0.1' }), /is by the rules 0\.0\.1, these are/],
    [
      'is about other bytes',
      (green) => ({
        ...green,
        candidates: green.candidates.map((one) => ({ ...one, digest: `sha256:${'0'.repeat(64)}` })),
      }),
      /does not judge sha256:/,
    ],
    ['compares with nothing', (green) => ({ ...green, pinned: false }), /compares with no lock/],
  ]
  it.each(WRONG)('moves nothing on exit status 0 alone where the report %s', async (_, change, message) => {
    await using registry = await started()
    const at = `${registry.host}/${REPOSITORY}`
    expect(await promote([`${at}:v1.0.0`, 'demo', '--report', report], greenJudge(change))).toBe(2)
    expect(stderr).toMatch(message)
    expect(puts(registry)).toEqual([])
    expect(await run(registry, 'v1.0.0', 'other')).toBe(0)
    expect(await promote([`${at}:v1.0.0`, 'demo', '--report', report], async () => 0)).toBe(2)
    expect(stderr).toContain(`${report} is no report of npm test`)
  })

  it('logs in by --username, and so does the verdict', async () => {
    await using registry = await started({}, [{ name: 'me', password: 'secret' }])
    vi.stubEnv('DOCKER_CONFIG', folder)
    vi.stubEnv('HOME', folder)
    const input = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(['secret\n']) as never)
    spies.push(input as never)
    const login = ['--username', 'me', '--password-stdin']
    expect(await run(registry, 'v1.0.0', 'demo', 0, ...login)).toBe(0)
    expect(judged[0]).toEqual(expect.arrayContaining(login.slice(0, 2)))
    expect(judged[0]).toContain('--password-stdin')
    expect(await run(registry, 'v1.0.0', 'demo', 0, '--username', 'me')).toBe(2)
    expect(stderr).toMatch(/--username and --password-stdin go together/)
    vi.unstubAllEnvs()
  })

  it.each<[string, RegExp]>([
    ['v1.2.3', /looks like a version/],
    ['1.2', /looks like a version/],
    ['v2', /looks like a version/],
    ['V1.0-demo', /looks like a version/],
    ['v1.11.5-0a1b2c3d', /looks like a version/],
    ['demo-assets', /of asset images/],
    ['a b', /it is no tag/],
    ['', /it is no tag/],
    [`sha256-${'0'.repeat(64)}`, /for signatures/],
    ['x.sig', /for signatures/],
  ])('refuses %s for a channel', async (channel, message) => {
    await using registry = await started()
    expect(await run(registry, 'v1.0.0', channel)).toBe(2)
    expect(stderr).toMatch(message)
    expect(registry.requests).toEqual([])
  })

  it.each<[string, readonly string[], RegExp]>([
    ['a tag that is not there', ['HOST/you/talos-spin-only:v9', 'demo'], /there is no such image/],
    ['a layout', ['oci:out', 'demo'], /expected an image in a registry/],
    ['an asset image', ['HOST/you/talos-spin-only:v1.0.0-assets', 'demo'], /expected an installer image/],
    ['no reference', ['::', 'demo'], /expected HOST\/REPOSITORY/],
    ['--force', ['HOST/you/talos-spin-only:v1.0.0', 'demo', '--force'], /unknown option '--force'/],
    ['no channel', ['HOST/you/talos-spin-only:v1.0.0'], /missing required argument 'CHANNEL'/],
    [
      'a digest that the tag does not name',
      [`HOST/you/talos-spin-only:v1.0.0@sha256:${'0'.repeat(64)}`, 'demo'],
      /names another image by now/,
    ],
  ])('refuses %s with one sentence', async (_, args, message) => {
    await using registry = await started()
    expect(
      await promote(
        args.map((arg) => arg.replace('HOST', registry.host)),
        async () => 0,
      ),
    ).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(puts(registry)).toEqual([])
  })
})
