// `npm run promote`: where channels go, and where they stay.
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { OCI_MANIFEST } from '#harness/oci/image/media-types.ts'
import type { Digest } from '#harness/bytes/digest.ts'
import { json } from '#harness/testing/oci-samples.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { promote } from './main.ts'

const REPOSITORY = 'you/talos-spin-only'
const descriptor = { mediaType: 'application/x', digest: `sha256:${'0'.repeat(64)}`, size: 1 }
const imageOf = (text: string): Buffer =>
  json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [], annotations: { text } })

/** `v1` with assets, `v2` with assets, `v3` without. */
async function started(): Promise<Registry & { readonly digests: ReadonlyMap<string, Digest> }> {
  const registry = await startRegistry({ features: { sparse: true } })
  const digests = new Map<string, Digest>()
  for (const tag of ['v1.0.0', 'v1.0.0-assets', 'v2.0.0', 'v2.0.0-assets', 'v3.0.0'])
    digests.set(tag, await registry.content.putManifest(REPOSITORY, imageOf(tag), OCI_MANIFEST, { tag }))
  return { ...registry, digests }
}

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
  promote([`${host}/${REPOSITORY}:${tag}`, channel, ...more], async (args) => {
    judged.push(args)
    return status
  })
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
    const status = await promote([`${registry.host}/${REPOSITORY}:v1.0.0`, 'demo'], async () => {
      await registry.content.setTag(REPOSITORY, 'v1.0.0', registry.digests.get('v2.0.0') ?? ('' as Digest))
      return 0
    })
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
    expect(stderr).toContain('demo stays at nothing')
    expect(puts(registry)).toEqual([])
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
