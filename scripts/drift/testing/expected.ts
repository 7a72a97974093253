// The expected report of drift between two embedded releases: derived from the table of differences and from other
// facts about upstream, without reading an image.
import { RELEASE_NAMES, type FactValue, type ReleaseName } from '#fixtures/simulator/upstream/differences.ts'
import { factsOf } from '#fixtures/simulator/upstream/release.ts'
import { RULES_OF } from '../changes/capability-rules.ts'
import type { Effect } from '../changes/change.ts'

export type Expected = {
  readonly id: string
  readonly effect: Effect
  readonly rules: readonly string[]
  readonly was?: string
  readonly is?: string
  readonly names?: readonly string[]
}

/** Facts that nothing published shows: the first release in which each is so (T, E at the tags of quirks.ts). */
const KNOWN: readonly (readonly [since: ReleaseName, expected: Expected])[] = [
  [
    'v1.12.9',
    {
      id: 'kernel.enforcement',
      effect: 'note',
      rules: ['KRN-004'],
      was: 'configuration',
      is: 'configuration or command line',
    },
  ],
  ['v1.12.9', { id: 'images.splash', effect: 'note', rules: ['UKI-012'], was: '590538 bytes', is: '640138 bytes' }],
  ['v1.14.0-rc.1', { id: 'services.optional', effect: 'note', rules: ['EXT-015'], names: ['sandboxd'] }],
  ['v1.13.9', { id: 'images.profile', effect: 'note', rules: [], names: ['board', 'dtb', 'rpiFirmware', 'uBoot'] }],
]
const LABELS: Readonly<Partial<Record<ReleaseName, string>>> = { 'v1.11.5': 'false', 'v1.12.9': 'true' }
const YAML: Readonly<Partial<Record<ReleaseName, string>>> = {
  'v1.11.5': 'gopkg.in/yaml.v3',
  'v1.12.9': 'go.yaml.in/yaml/v4 v4.0.0-rc.3',
  'v1.13.9': 'go.yaml.in/yaml/v4 v4.0.0-rc.4',
  'v1.14.0-rc.1': 'go.yaml.in/yaml/v4 v4.0.0-rc.6',
}
const EMBEDDED_CONFIG: Readonly<Partial<Record<ReleaseName, string>>> = {
  'v1.11.5': 'none',
  'v1.12.9': 'mode 0000',
  'v1.13.9': 'mode 0400',
}
const PREFIXES: readonly (readonly [since: ReleaseName, prefixes: readonly string[]])[] = [
  ['v1.12.9', ['usr/lib/ld-linux-aarch64.so.1']],
  [
    'v1.13.9',
    [
      'etc/ld.so.cache',
      'etc/ld.so.conf',
      'usr/bin/nvidia-cdi-hook',
      'usr/bin/nvidia-ctk',
      'usr/bin/nvidia-modprobe',
      'usr/bin/nvidia-pcc',
      'usr/bin/nvidia-smi',
      'usr/bin/nvme',
    ],
  ],
]
/** A release whose differences have not been read. */
const UNREAD: ReleaseName = 'v1.15.0-alpha.0'
/** All that ask for what is known: capability-rules.test.ts holds them against what the rules do. */
const INCONCLUSIVE = [...new Set(Object.values(RULES_OF).flat())].toSorted()

/** Paths whose whole folder comes or goes are reported as the folder. */
const FOLDERS: Readonly<Record<string, string>> = {
  'etc/iscsi/initiatorname.iscsi': 'etc/iscsi',
  'etc/nvme/hostid': 'etc/nvme',
  'etc/nvme/hostnqn': 'etc/nvme',
  'usr/libexec/kubernetes': 'usr/libexec',
}
const FIRMWARE = ['bnx2-bnx2x', 'intel-ice-firmware', 'qlogic-firmware']
/** Extensions that are made anew with every release. */
const REBUILT = ['drbd', 'spin', 'tailscale', 'zfs']

/** Expected changes by id. */
export function expectedChanges(from: ReleaseName, to: ReleaseName): readonly Expected[] {
  const [before, after] = [factsOf(from), factsOf(to)]
  const between = (since: ReleaseName): boolean =>
    RELEASE_NAMES.indexOf(since) > RELEASE_NAMES.indexOf(from) &&
    RELEASE_NAMES.indexOf(since) <= RELEASE_NAMES.indexOf(to)
  const found: Expected[] = []
  const groups = new Map<string, string[]>()
  const gather = (id: string, name: string): void => void groups.set(id, [...(groups.get(id) ?? []), name])
  for (const fact of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(fact) ?? false, after.get(fact) ?? false]
    if (was !== is) found.push(...expectedOf(fact, was, is, { to, gather }))
  }
  const rules: Readonly<Record<string, readonly string[]>> = {
    'modules.added': ['MOD-003'],
    'modules.gone': ['MOD-003'],
    packages: ['ROOT-004'],
  }
  for (const [id, names] of groups)
    found.push({ id, effect: 'note', rules: rules[id] ?? [], names: [...new Set(names)].toSorted() })
  const same = REBUILT.filter((name) => before.get(`version.${name}`) === after.get(`version.${name}`))
  if (same.length > 0) found.push({ id: 'extensions.rebuilt', effect: 'note', rules: ['EXT-017'], names: same })
  found.push(...(to === UNREAD ? expectedOfUnread() : expectedOfKnown(from, to, between)))
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

type Place = { readonly to: ReleaseName; readonly gather: (id: string, name: string) => void }

function expectedOf(fact: string, was: FactValue, is: FactValue, { to, gather }: Place): readonly Expected[] {
  const [kind = '', name = ''] = /^([a-z]+)\.(.*)$/.exec(fact)?.slice(1) ?? [fact]
  const [old, now] = [String(was), String(is)]
  const note = (id: string, rules: readonly string[], values: Partial<Expected> = { was: old, is: now }): Expected => ({
    id,
    effect: 'note',
    rules,
    ...values,
  })
  const isUnread = to === UNREAD
  switch (kind) {
    case 'kernelRelease':
      return [note('kernel.release', ['KRN-003', 'MOD-001', 'ROOT-002'])]
    case 'compiler':
      return [note('kernel.compiler', [])]
    case 'systemd':
      return [note('systemd.boot', ['INS-004']), note('systemd.stub', ['UKI-001'])]
    case 'containerd':
    case 'runc':
      gather('packages', `${kind} ${old} → ${now}`)
      return []
    case 'spdxSystem':
      gather('packages', `os-talos none → ${to}`)
      return []
    case 'version': {
      const names = name === 'linuxFirmware' ? FIRMWARE : [name].filter((one) => REBUILT.includes(one))
      return names.map((one) => note(`extension.${one}.version`, ['EXT-003', 'EXT-017']))
    }
    case 'argument':
      if (isUnread) return []
      return [note(`argument.${name}`, ['UKI-005'], is === true ? { is: name } : { was: name })]
    case 'option':
      if (name === 'MODULE_SIG_FORCE') return [note(`option.${name}`, ['KRN-004'])]
      gather(is === 'm' ? 'options.modular' : 'options.gone', name)
      return []
    case 'module': {
      const own = name.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_')
      gather(is === true ? 'modules.added' : 'modules.gone', own)
      return []
    }
    case 'file':
      gather(is === true ? 'rootfs.added' : 'rootfs.gone', FOLDERS[name] ?? name)
      return []
    case 'extension':
      gather('catalogue.added', name)
      return []
    case 'initAliases': {
      const show = (value: string): string =>
        value.replace('hardlink', 'hard links').replace('symlink', 'symbolic links')
      return [note('rootfs.aliases', [], { was: show(old), is: show(now) })]
    }
    case 'installerRootfsType':
      return isUnread ? [] : [note('images.rootfsType', ['REL-005'], { was: `"${old}"`, is: `"${now}"` })]
    case 'attestations':
      return [note('images.attestations', [], { was: 'there', is: 'not there' })]
    case 'publishesInstaller': {
      const values = { was: 'published', is: 'not published' }
      return [{ id: 'images.installer', effect: 'decide', rules: ['CFG-004', 'REL-005'], ...values }]
    }
    case 'tailscaleRoot':
      return [
        note('service.tailscale.mounts', ['EXT-014'], { names: ['not /lib', 'not /sbin', 'not /usr/lib'] }),
        ...(isUnread ? [] : [note('tailscale.root', ['EXT-013'])]),
      ]
    // None of these is described: times, names of documents, contents of configuration files.
    case 'sourceDate':
    case 'spdxName':
    case 'nri':
      return []
    default:
      throw new Error(`no expectation of drift about ${fact}`)
  }
}

function expectedOfKnown(
  from: ReleaseName,
  to: ReleaseName,
  between: (since: ReleaseName) => boolean,
): readonly Expected[] {
  const prefixes = PREFIXES.flatMap(([since, own]) => (between(since) ? own : [])).toSorted()
  const valueOf = (values: Readonly<Partial<Record<ReleaseName, string>>>, name: ReleaseName): string =>
    RELEASE_NAMES.slice(0, RELEASE_NAMES.indexOf(name) + 1).reduce((value, one) => values[one] ?? value, '')
  const noteOf = (id: string, rules: readonly string[], was: string, is: string): readonly Expected[] =>
    was === is ? [] : [{ id, effect: 'note', rules, was, is }]
  return [
    ...KNOWN.flatMap(([since, expected]) => (between(since) ? [expected] : [])),
    ...(prefixes.length === 0
      ? []
      : [{ id: 'prefixes.added', effect: 'note', rules: ['EXT-007'], names: prefixes } as const]),
    ...noteOf('images.embeddedConfig', [], valueOf(EMBEDDED_CONFIG, from), valueOf(EMBEDDED_CONFIG, to)),
    ...noteOf('knowledge.extensionLabels', [], valueOf(LABELS, from), valueOf(LABELS, to)),
    ...noteOf('knowledge.goYaml', ['EXT-040'], `"${valueOf(YAML, from)}"`, `"${valueOf(YAML, to)}"`),
  ]
}

function expectedOfUnread(): readonly Expected[] {
  return [
    { id: 'release.contract', effect: 'decide', rules: [] },
    { id: 'knowledge.unknown', effect: 'breaks', rules: INCONCLUSIVE },
  ]
}
