// The parts of installer-base that an installer keeps: its layers, and its configuration as imager takes it over
// (siderolabs/talos pkg/imager/out.go: a deep copy of go-containerregistry's v1.Config).
import type { FileTree } from '#harness/fs/file-tree.ts'
import type { ImageConfig } from '#harness/oci/image/schemas.ts'
import type { PinnedBase } from '../contract/lock.ts'

/** Members of v1.Config (google/go-containerregistry pkg/v1/config.go); Go drops what it does not know. */
const KNOWN = new Set(
  `
  AttachStderr AttachStdin AttachStdout Cmd Healthcheck Domainname Entrypoint Env Hostname Image
  OnBuild OpenStdin StdinOnce Tty User Volumes WorkingDir ExposedPorts ArgsEscaped NetworkDisabled
  MacAddress StopSignal Shell Labels
`
    .trim()
    .split(/\s+/),
)
/** Members that imager writes beside `config`; `created` and `history` are free, `variant` is OCI-003's. */
const DOCUMENT = new Set(['architecture', 'os', 'variant', 'created', 'config', 'rootfs', 'history'])

/** The number of layers that imager takes of a base: of a finished installer the first. */
export function baseLayerCount(diffIds: readonly string[]): number {
  return diffIds.length === 2 ? 1 : diffIds.length
}

type LayerKind = 'base' | 'artifacts' | 'overlay' | 'other'

/**
 * The role of each layer, by the paths of its files; the first `count` are the base where one of them has the
 * installer.
 */
export function kindsOfLayers(layers: readonly FileTree[], count: number): readonly LayerKind[] {
  const hasInstaller = layers.slice(0, count).some((tree) => tree.has('usr/bin/installer'))
  return layers.map((tree, index): LayerKind => {
    const files = [...tree.entries()].filter(({ type }) => type !== 'directory')
    if (files.length > 0 && files.every(({ path }) => path.startsWith('usr/install/'))) return 'artifacts'
    if (files.length > 0 && files.every(({ path }) => path.startsWith('overlay/'))) return 'overlay'
    return index < count && hasInstaller ? 'base' : 'other'
  })
}

export type ConfigQuestion = {
  readonly document: ImageConfig
  readonly base: Pick<PinnedBase, 'config'>
  /** Labels that the contract and the lock give to an image of one's own: values, or what they must match. */
  readonly labels: Readonly<Record<string, string | RegExp>>
  /** Allowed values of `rootfs.type`. */
  readonly rootfsTypes: readonly string[]
}

/** `config.User: expected nothing, got "65534"` for each member that imager would not have written so. */
export function configFindings({ document, base, labels, rootfsTypes }: ConfigQuestion): readonly string[] {
  const config = (document.config ?? {}) as Readonly<Record<string, unknown>>
  const foreign = Object.keys(document).filter((name) => !DOCUMENT.has(name))
  const names = [...new Set([...Object.keys(base.config), ...Object.keys(config)])].filter((name) => name !== 'Labels')
  return [
    ...foreign.map((name) => `${name}: expected nothing, got ${show(document[name])}`),
    ...(rootfsTypes.includes(document.rootfs.type)
      ? []
      : [`rootfs.type: expected ${rootfsTypes.map(show).join(' or ')}, got ${show(document.rootfs.type)}`]),
    ...names.flatMap((name) => {
      const [expected, got] = [show(base.config[name]), show(config[name])]
      const isDropped = !KNOWN.has(name) && got === NOTHING
      return expected === got || isDropped ? [] : [`config.${name}: expected ${expected}, got ${got}`]
    }),
    ...labelFindings(toRecord(config['Labels']), toRecord(base.config['Labels']), labels),
  ]
}

function labelFindings(
  got: Readonly<Record<string, unknown>>,
  base: Readonly<Record<string, unknown>>,
  own: ConfigQuestion['labels'],
): readonly string[] {
  return [...new Set([...Object.keys(base), ...Object.keys(got)])].flatMap((name) => {
    const [value, inBase, declared] = [got[name], base[name], own[name]]
    if (value === inBase) return []
    if (typeof value === 'string' && (declared instanceof RegExp ? declared.test(value) : declared === value)) return []
    return [`config.Labels[${JSON.stringify(name)}]: expected ${show(inBase ?? declared)}, got ${show(value)}`]
  })
}

const NOTHING = 'nothing'

/** JSON text; `nothing` for what Go leaves out: absent, null, "", 0, false, [] and {}. */
function show(value: unknown): string {
  if (value instanceof RegExp) return String(value)
  const isEmptyObject = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  return value === undefined || value === null || value === '' || value === 0 || value === false || isEmptyObject
    ? NOTHING
    : JSON.stringify(value)
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
