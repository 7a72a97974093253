// Every entry that is shipped, where it applies and beside it.
import { describe, expect, it } from 'vitest'
import { shippedAdvisories } from './advisories.ts'
import { applyingAdvisories, type AdvisoryFacts } from './applying-advisories.ts'

type Case = Partial<Pick<AdvisoryFacts, 'talos' | 'secureBoot'>> & {
  readonly extension?: readonly [name: string, version: string]
  readonly paths?: readonly string[]
  readonly arguments?: readonly string[]
}

const IPTABLES = 'usr/local/lib/containers/tailscale/usr/bin/iptables'
const ENTRIES: readonly (readonly [entry: string, applies: Case, neighbours: readonly Case[]])[] = [
  [
    'tailscale-without-iptables',
    { talos: 'v1.13.0', extension: ['tailscale', '1.96.4'] },
    [
      { talos: 'v1.13.1', extension: ['tailscale', '1.96.4'] },
      { talos: 'v1.12.11', extension: ['tailscale', '1.94.2'] },
      { talos: 'v1.13.0', extension: ['spin', 'v0.25.1'] },
      { talos: 'v1.13.0', extension: ['tailscale', '1.96.4'], paths: [IPTABLES] },
    ],
  ],
  [
    'multipath-tools-service-folder',
    { talos: 'v1.12.5', extension: ['multipath-tools', 'v0.0.1'] },
    [
      { talos: 'v1.12.5', extension: ['multipath-tools', 'v0.0.1'], paths: ['usr/local/lib/containers/multipathd'] },
      { talos: 'v1.12.5', extension: ['multipath-tools', 'v0.0.2'] },
    ],
  ],
  [
    'drbd-9.2.16-queue-limits',
    { talos: 'v1.12.6', extension: ['drbd', '9.2.16-v1.12.6'] },
    [
      { talos: 'v1.11.6', extension: ['drbd', '9.2.16-v1.11.6'] },
      { talos: 'v1.13.0', extension: ['drbd', '9.3.1-v1.13.0'] },
      { talos: 'v1.12.6', extension: ['drbd', '9.2.15-v1.12.6'] },
    ],
  ],
  [
    'drbd-9.3.1-kernel-tls',
    { talos: 'v1.13.0', extension: ['drbd', '9.3.1-v1.13.0'] },
    [
      { talos: 'v1.13.1', extension: ['drbd', '9.3.2-v1.13.1'] },
      { talos: 'v1.12.7', extension: ['drbd', '9.2.15-v1.12.7'] },
    ],
  ],
  [
    'zfs-export-at-shutdown',
    { talos: 'v1.13.3', extension: ['zfs', '2.4.2-v1.13.3'] },
    [
      { talos: 'v1.13.4', extension: ['zfs', '2.4.2-v1.13.4'] },
      { talos: 'v1.12.11', extension: ['zfs', '2.4.1-v1.12.11'] },
    ],
  ],
  [
    'secureboot-without-lockdown',
    { talos: 'v1.14.0', secureBoot: true, arguments: ['selinux'] },
    [
      { talos: 'v1.14.0', secureBoot: true, arguments: ['selinux', 'lockdown'] },
      { talos: 'v1.14.0', secureBoot: false, arguments: ['selinux'] },
      { talos: 'v1.14.0-rc.1', secureBoot: true, arguments: ['selinux'] },
      { talos: 'v1.14.2', secureBoot: true, arguments: ['selinux'] },
    ],
  ],
]

async function idsFor({ talos, secureBoot = false, extension, paths = [], ...rest }: Case): Promise<readonly string[]> {
  const found = await applyingAdvisories(await shippedAdvisories(), {
    architecture: 'arm64',
    talos,
    secureBoot,
    extensions: extension === undefined ? [] : [{ name: extension[0], version: extension[1] }],
    has: async (path) => paths.includes(path),
    option: async () => 'n',
    argumentNames: async () => rest.arguments,
  })
  return found.map(({ id }) => id)
}

describe.each(ENTRIES)('%s', (entry, applies, neighbours) => {
  it('applies where its report says', async () => {
    expect(await idsFor(applies)).toEqual([entry])
  })

  it.each(neighbours)('does not apply to %j', async (neighbour) => {
    expect(await idsFor(neighbour)).not.toContain(entry)
  })
})

it('says nothing of what is bad on x86 alone', async () => {
  expect((await shippedAdvisories()).map(({ id }) => id)).toContain('cve-2026-53359')
  for (const talos of ['v1.13.0', 'v1.13.5']) expect(await idsFor({ talos })).toEqual([])
})

it('has a test for every entry', async () => {
  const tested = [...ENTRIES.map(([entry]) => entry), 'cve-2026-53359']
  expect((await shippedAdvisories()).map(({ id }) => id)).toEqual(tested)
})
