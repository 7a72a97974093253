// Files, settings and programs of a machine configuration: siderolabs/talos pkg/machinery/config/types, v1.11.6 to
// v1.14.1. The old fields and the documents that took their place, in this order.
import type { YamlMap, YamlPlace } from '../formats/yaml/nodes.ts'
import {
  entriesAt,
  fieldAt,
  itemsAt,
  keyAt,
  mapAt,
  textAt,
  toFieldTree,
  type FieldTree,
  type PlacedEntry,
  type PlacedText,
} from './fields.ts'

export type WrittenFile = {
  readonly path?: PlacedText
  readonly op?: PlacedText
  readonly content?: PlacedText
  /** The start of the item. */
  readonly at: YamlPlace
}

/** A program whose arguments the configuration may add to. */
export const COMPONENTS = ['kubelet', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
export type Component = (typeof COMPONENTS)[number]

export type ImageRule = {
  /** Registry and repository, with `*`. */
  readonly pattern: PlacedText
  readonly skip?: PlacedText
  readonly deny?: PlacedText
  readonly keyless?: KeylessVerifier
  /** A public key or certificate in PEM (`publicKey.certificate`). */
  readonly key?: PlacedText
}

/** Of both `subject` and `subjectRegex` both count. */
export type KeylessVerifier = {
  readonly issuer?: PlacedText
  readonly subject?: PlacedText
  readonly subjectRegex?: PlacedText
  readonly at: YamlPlace
}

export type NodeFacts = {
  /** `machine.files`. */
  readonly files: readonly WrittenFile[]
  /** Parts of containerd's configuration that a person adds. */
  readonly criParts: readonly PlacedText[]
  /** The environment of machined and of what it starts; not of extension services. */
  readonly environment: readonly PlacedEntry[]
  readonly sysctls: readonly PlacedEntry[]
  readonly arguments: Readonly<Record<Component, readonly PlacedEntry[]>>
  /** `extraConfig`, which is decoded into KubeletConfiguration. */
  readonly kubeletConfig: readonly FieldTree[]
  readonly kubeletImage?: PlacedText
  /** Types of limits in the runtime specification of all containers. */
  readonly limits: readonly PlacedText[]
  /** Rules in order: the first that matches counts. */
  readonly imageRules: readonly ImageRule[]
  /** Block devices that are named by their path. */
  readonly devices: readonly PlacedText[]
  /** Expressions that must match a disk, with the volume that waits for it. */
  readonly diskSelectors: readonly (PlacedText & { readonly volume: string })[]
}

const OLD_ARGUMENTS: Readonly<Record<Component, readonly string[]>> = {
  kubelet: ['machine', 'kubelet', 'extraArgs'],
  'kube-apiserver': ['cluster', 'apiServer', 'extraArgs'],
  'kube-controller-manager': ['cluster', 'controllerManager', 'extraArgs'],
  'kube-scheduler': ['cluster', 'scheduler', 'extraArgs'],
}
const DOCUMENT_OF: Readonly<Record<Component, string>> = {
  kubelet: 'KubeletConfig',
  'kube-apiserver': 'KubeAPIServerConfig',
  'kube-controller-manager': 'KubeControllerManagerConfig',
  'kube-scheduler': 'KubeSchedulerConfig',
}
/** The one file outside /var that Talos takes apart (constants.CRICustomizationConfigPart). */
export const CRI_PART = '/etc/cri/conf.d/20-customization.part'

export function nodeFacts(rootsOf: (kind: string | undefined) => readonly YamlMap[]): NodeFacts {
  const [main] = rootsOf(undefined)
  const files = itemsAt(main, 'machine', 'files').map((item) => ({
    ...optional('path', textAt(item, 'path')),
    ...optional('op', textAt(item, 'op')),
    ...optional('content', textAt(item, 'content')),
    at: item.at,
  }))
  const kubelets = rootsOf('KubeletConfig')
  return {
    files,
    criParts: [
      ...files.flatMap(({ path, content }) => (path?.value === CRI_PART ? (content ?? []) : [])),
      ...rootsOf('CRICustomizationConfig').flatMap((root) => textAt(root, 'content') ?? []),
    ],
    environment: [
      ...entriesAt(main, 'machine', 'env'),
      ...rootsOf('EnvironmentConfig').flatMap((root) => entriesAt(root, 'variables')),
    ],
    sysctls: [
      ...entriesAt(main, 'machine', 'sysctls'),
      ...rootsOf('SysctlConfig').flatMap((root) => entriesAt(root, 'params')),
    ],
    arguments: argumentsOf(main, rootsOf),
    kubeletConfig: [
      mapAt(main, 'machine', 'kubelet', 'extraConfig'),
      ...kubelets.map((root) => mapAt(root, 'config')),
    ].flatMap((map) => (map === undefined ? [] : toFieldTree(map))),
    ...optional(
      'kubeletImage',
      [textAt(main, 'machine', 'kubelet', 'image'), ...kubelets.map((root) => textAt(root, 'image'))].findLast(
        (image) => image !== undefined,
      ),
    ),
    limits: [
      fieldAt(main, 'machine', 'baseRuntimeSpecOverrides'),
      ...rootsOf('CRIBaseRuntimeSpecConfig').map((root) => fieldAt(root, 'overrides')),
    ].flatMap((spec) => itemsAt(spec, 'process', 'rlimits').flatMap((limit) => textAt(limit, 'type') ?? [])),
    imageRules: rootsOf('ImageVerificationConfig').flatMap((root) => itemsAt(root, 'rules').flatMap(toImageRule)),
    devices: [
      textAt(main, 'machine', 'install', 'disk'),
      ...itemsAt(main, 'machine', 'disks').map((disk) => textAt(disk, 'device')),
    ].flatMap((device) => device ?? []),
    diskSelectors: rootsOf('VolumeConfig').flatMap((root) => {
      const match = textAt(root, 'provisioning', 'diskSelector', 'match')
      return match === undefined ? [] : [{ ...match, volume: textAt(root, 'name')?.value ?? '' }]
    }),
  }
}

function argumentsOf(main: YamlMap | undefined, rootsOf: (kind: string) => readonly YamlMap[]): NodeFacts['arguments'] {
  const of = (component: Component): readonly PlacedEntry[] => [
    ...entriesAt(main, ...OLD_ARGUMENTS[component]),
    ...rootsOf(DOCUMENT_OF[component]).flatMap((root) => entriesAt(root, 'extraArgs')),
  ]
  return Object.fromEntries(COMPONENTS.map((component) => [component, of(component)])) as NodeFacts['arguments']
}

function toImageRule(rule: Parameters<typeof textAt>[0]): readonly ImageRule[] {
  const pattern = textAt(rule, 'image')
  if (pattern === undefined) return []
  const keyless = mapAt(rule, 'keyless')
  return [
    {
      pattern,
      ...optional('skip', textAt(rule, 'skip')),
      ...optional('deny', textAt(rule, 'deny')),
      ...(keyless !== undefined && {
        keyless: {
          ...optional('issuer', textAt(keyless, 'issuer')),
          ...optional('subject', textAt(keyless, 'subject')),
          ...optional('subjectRegex', textAt(keyless, 'subjectRegex')),
          at: keyAt(rule, 'keyless') ?? keyless.at,
        },
      }),
      ...optional('key', textAt(rule, 'publicKey', 'certificate')),
    },
  ]
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value })
}
