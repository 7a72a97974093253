import { describe, expect, it } from 'vitest'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { configurationChanges, type Configured } from './configuration.ts'

const BOOT = {
  kernel: { options: { OPENVSWITCH: 'y' } },
  systemd: {},
  modules: [{ name: 'nbd', path: 'kernel/drivers/block/nbd.ko', aliases: [] }],
  rootfs: { paths: [], aliases: { hardLinks: [], symbolicLinks: [] }, packages: [] },
}

type Extension = Configured['extensions'][number]

function extension(name: string, waits: readonly string[], modules: readonly string[]): Extension {
  const services = waits.length === 0 ? [] : [{ name, waits, mounts: [], restart: 'always' }]
  const rest = { compatibility: '', size: 0, content: '', handlers: [], firmware: [], packages: [] }
  return { ...rest, name, version: '1', services, modules: modules.map((one) => `extras/${one}.ko`) }
}

const ZFS = extension('zfs', ['path /dev/zfs', 'service cri'], ['spl', 'zfs'])
const TAILSCALE = extension('tailscale', ['configuration', 'service cri'], [])
const side = (...extensions: readonly Extension[]): Configured => ({ boot: BOOT, extensions })

function changes(was: Configured, is: Configured, documents: readonly string[]) {
  const bytes = Buffer.from(['version: v1alpha1', ...documents].join('\n'))
  const config = machineConfigFacts(parseMachineConfig([{ path: 'node.yaml', bytes }]))
  const contract = { pathsOfModules: { '/dev/zfs': 'zfs' } }
  return configurationChanges(was, is, { config, contract }).map(({ id, effect, sentence }) => [id, effect, sentence])
}

const loading = (...names: readonly string[]): string =>
  ['machine:', '  type: worker', '  kernel:', '    modules:', ...names.map((name) => `      - name: ${name}`)].join(
    '\n',
  )
const CONFIGURED = '---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - A=b'

describe('the configuration of a node', () => {
  it('loads a module that is gone with its extension', () => {
    expect(changes(side(ZFS), side(), [loading('zfs')])).toEqual([
      [
        'configuration.module.zfs',
        'breaks',
        'the module zfs is gone, as is the extension zfs, and the configuration loads it: Talos tries again and again, and what needs it does not work',
      ],
    ])
  })

  it('loads a module that its extension lost, for which the service waits', () => {
    const without = { ...ZFS, modules: ['extras/spl.ko'] }
    const [service, module] = changes(side(ZFS), side(without), [loading('zfs')]).toReversed()
    expect(module?.[2]).toContain('the module zfs is gone from zfs, and the configuration loads it')
    expect(service).toEqual([
      'configuration.service.zfs.path /dev/zfs',
      'breaks',
      'the service zfs of zfs waits for /dev/zfs, and the image has no module zfs: the node waits 70 minutes for it, then reboots',
    ])
  })

  it('does not load what a new service waits for', () => {
    expect(changes(side(), side(ZFS), [loading('nbd')])).toEqual([
      [
        'configuration.service.zfs.path /dev/zfs',
        'breaks',
        'the service zfs of zfs waits for /dev/zfs, and the configuration does not load zfs: the node waits 70 minutes for it, then reboots',
      ],
    ])
  })

  it('has no document for a service that waits for one', () => {
    expect(changes(side(), side(TAILSCALE), ['machine: { type: worker }'])).toEqual([
      [
        'configuration.service.tailscale.configuration',
        'breaks',
        'the service tailscale of tailscale waits for its ExtensionServiceConfig, which the configuration has not: the node waits 70 minutes for it, then reboots',
      ],
    ])
  })

  it('has a document for a service that is gone', () => {
    const found = changes(side(TAILSCALE), side(), ['machine: { type: worker }', CONFIGURED])
    expect(found).toEqual([['configuration.idle.tailscale', 'decide', expect.stringContaining('nothing runs it')]])
  })

  it.each([
    ['gives all that is waited for', side(), side(ZFS, TAILSCALE), [loading('zfs', 'nbd', 'openvswitch'), CONFIGURED]],
    ['lacked it before as well', side(ZFS), side(ZFS), [loading('nbd')]],
    ['loads what neither side has', side(), side(), [loading('nothing')]],
    ['loads what both sides have', side(ZFS), side(ZFS), [loading('zfs')]],
    ['loads nothing, and nothing waits', side(ZFS), side(), ['machine: { type: worker }']],
  ])('that %s is of no consequence', (_, was, is, documents) => {
    expect(changes(was, is, documents)).toEqual([])
  })
})
