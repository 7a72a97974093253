// Files that the mission's extensions must bring: siderolabs/extensions container-runtime/spin, network/tailscale,
// storage/drbd, storage/zfs.
import { readAll } from '#harness/bytes/source.ts'
import { parseContainerdConfig } from '#harness/formats/text/containerd-config.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { readSpdx } from '#harness/talos/spdx.ts'
import { must, should } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { filesOf, nameFile, openExtensions } from './layers.ts'

const SHIM = 'usr/local/bin/containerd-shim-spin-v2'
const RUNTIME = { handler: 'spin', type: 'io.containerd.spin.v2' }
const CRI_PART = /^etc\/cri\/conf\.d\/[^/]+\.part$/
const SPDX = /^usr\/local\/share\/spdx\/[^/]+\.spdx\.json$/
const MAX_PART_BYTES = 1 << 20
const MAX_SPDX_BYTES = 64 << 20

const CONTAINER = 'usr/local/lib/containers/tailscale'
const PROGRAMS = ['containerboot', 'tailscale', 'tailscaled'].map((name) => `usr/local/bin/${name}`)
const IPTABLES = ['iptables', 'ip6tables'].map((name) => `usr/bin/${name}`)
const EXECUTABLE = 0o111

test(
  ...must(
    'EXT-012',
    'spin, where it is, installs an executable `containerd-shim-spin-v2` and registers the runtime handler `spin`, and nothing else, under the key that this containerd reads',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'take spin from upstream’s catalogue for the pinned release',
    },
  ),
  async ({ extensions, quirks, judge }) => {
    const layers = await openExtensions(extensions)
    const spin = layers.filter(({ name }) => name === 'spin')
    const shims = spin.map(({ tree }) => isExecutable(tree.resolve(SHIM)))
    judge(shims, extensions.where).toEqual(spin.map(() => true))
    // The parts of all layers: containerd merges them, and the last one to speak of a handler decides what it is.
    const parts = filesOf(spin.length > 0 ? layers : [], (path) => CRI_PART.test(path))
    const configs = await Promise.all(
      parts.map(async ({ data }) =>
        parseContainerdConfig(await readAll(data, MAX_PART_BYTES), data.where, quirks.containerdRuntimePlugin),
      ),
    )
    const types = configs.map(({ handlers }) => handlers.get(RUNTIME.handler)?.runtimeType)
    judge(
      types.filter((type) => type !== undefined),
      extensions.where,
    ).toEqual(spin.map(() => RUNTIME.type))
    const own = configs.filter(({ handlers }) => handlers.has(RUNTIME.handler))
    judge(
      own.flatMap(({ others }) => others),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'EXT-013',
    'tailscale, where it is, installs its three binaries and, where this minor needs it, a complete iptables',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'take tailscale of Talos v1.13.1 or newer: the one of v1.13.0 has iptables’ libraries without its programs',
    },
  ),
  async ({ extensions, quirks, judge }) => {
    const wanted = [...PROGRAMS, ...(quirks.tailscaleBringsIptables ? IPTABLES : [])]
    const tailscale = (await openExtensions(extensions)).filter(({ name }) => name === 'tailscale')
    const found = tailscale.map(({ tree }) =>
      wanted.filter((path) => isExecutable(tree.resolve(`${CONTAINER}/${path}`))),
    )
    judge(found, extensions.where).toEqual(tailscale.map(() => wanted))
  },
)

const DRBD_MODULES = ['drbd', 'drbd_transport_tcp']

test(
  ...must('EXT-024', 'drbd, where it is, brings the modules `drbd` and `drbd_transport_tcp` and no service', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    fix: 'take drbd from upstream’s catalogue for the pinned release',
  }),
  async ({ extensions, judge }) => {
    const drbd = (await openExtensions(extensions)).filter(({ name }) => name === 'drbd')
    judge(
      drbd.map(({ tree }) => ({ modules: modulesOf(tree, DRBD_MODULES), services: servicesOf(tree) })),
      extensions.where,
    ).toEqual(drbd.map(() => ({ modules: DRBD_MODULES, services: [] })))
  },
)

const ZFS_MODULES = ['zfs']
const ZFS_PROGRAMS = ['mount.zfs', 'zdb', 'zfs', 'zpool']
const ZFS_SERVICE = 'zfs-service.yaml'
const ZFS_UDEV_RULES = ['60-zvol.rules', '90-zfs.rules']

test(
  ...must(
    'EXT-025',
    'zfs, where it is, brings the module `zfs`, the programs `zfs`, `zpool`, `zdb` and `mount.zfs`, its udev rules and the service that imports pools',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-004', 'EXT-005'],
      fix: 'take zfs from upstream’s catalogue for the pinned release',
    },
  ),
  async ({ extensions, judge }) => {
    const zfs = (await openExtensions(extensions)).filter(({ name }) => name === 'zfs')
    judge(
      zfs.map(({ tree }) => ({
        modules: modulesOf(tree, ZFS_MODULES),
        programs: ZFS_PROGRAMS.filter((name) => isExecutable(tree.resolve(`usr/local/sbin/${name}`))),
        udevRules: ZFS_UDEV_RULES.filter((name) => tree.get(`usr/lib/udev/rules.d/${name}`)?.type === 'file'),
        services: servicesOf(tree).filter((name) => name === ZFS_SERVICE),
      })),
      extensions.where,
    ).toEqual(
      zfs.map(() => ({
        modules: ZFS_MODULES,
        programs: ZFS_PROGRAMS,
        udevRules: ZFS_UDEV_RULES,
        services: [ZFS_SERVICE],
      })),
    )
  },
)

const MODULE = /^usr\/lib\/modules\/[^/]+\/extras\/([^/]+)\.ko$/
const SERVICE = /^usr\/local\/etc\/containers\/([^/]+\.yaml)$/

/** Modules of `names` that are among the modules outside the kernel's tree. */
function modulesOf(tree: FileTree, names: readonly string[]): readonly string[] {
  const found = [...tree.entries()].map(({ path }) => MODULE.exec(path)?.[1])
  return names.filter((name) => found.includes(name))
}

function servicesOf(tree: FileTree): readonly string[] {
  return [...tree.entries()].flatMap(({ path }) => SERVICE.exec(path)?.[1] ?? [])
}

function isExecutable(entry: { readonly type: string; readonly mode: number } | undefined): boolean {
  return entry?.type === 'file' && (entry.mode & EXECUTABLE) !== 0
}

test(
  ...should('EXT-016', 'an SPDX document that an extension ships parses and names that extension’s version', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    fix: 'report it to whoever built the extension: scanners go by this document',
  }),
  async ({ extensions, judge }) => {
    const documents = filesOf(await openExtensions(extensions), (path) => SPDX.test(path))
    const wrong: string[] = []
    for (const file of documents) {
      const { packages } = await readSpdx(file.data, MAX_SPDX_BYTES)
      const own = packages.some(({ versionInfo = '' }) => plain(versionInfo) === plain(file.layer.version))
      if (!own) wrong.push(`${nameFile(file)}: ${packages.map(({ versionInfo }) => versionInfo).join(', ')}`)
    }
    judge(wrong, extensions.where).toEqual([])
  },
)

function plain(version: string): string {
  return version.replace(/^v(?=\d)/, '')
}
