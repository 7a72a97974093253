// The kind of a project's file, by its content: a whole configuration, one that talm rendered without its base, or
// something that only adds to one.
import { scalarUnder, type GoMap, type GoNode } from './yaml/node.ts'
import { parseGoYaml } from './yaml/parse.ts'

export type FileShape = {
  /**
   * `whole` has a machine type and the token or authority that upstream's generator writes; `node` has the type alone,
   * as talm renders it; `patch` has fields or documents of Talos and no type; `other` is nothing of Talos.
   */
  readonly kind: 'whole' | 'node' | 'patch' | 'other'
  /** Addresses of talm's first line: `# talm: nodes=["192.0.2.11"], …`; absent where there is none. */
  readonly talmNodes?: readonly string[]
  readonly isControlPlane: boolean
  /** The kinds of its documents beside that of `machine` and `cluster`. */
  readonly kinds: readonly string[]
}

/** `talm template` writes it first (cozystack/talm pkg/modeline). */
const MODELINE = /^# talm: (.*)$/m
const NODES = /nodes=\[([^\]]*)\]/
const CONTROL_PLANES = ['controlplane', 'init']

/** FormatError `yaml` for what is no YAML to Talos. */
export function readFileShape(bytes: Uint8Array, path: string): FileShape {
  const roots = parseGoYaml(bytes, path).filter((root) => root.kind === 'map')
  const types = roots.map((root) => textUnder(root, 'machine', 'type'))
  const main = roots.find((root) => textUnder(root, 'machine', 'type') !== '')
  const hasIdentity = main !== undefined && (hasKey(main, 'token') || hasKey(main, 'ca'))
  const isTalos = roots.some(isOfTalos)
  const talmNodes = talmNodesOf(bytes)
  return {
    kind: main === undefined ? (isTalos ? 'patch' : 'other') : hasIdentity ? 'whole' : 'node',
    ...(talmNodes !== undefined && { talmNodes }),
    kinds: roots.map((root) => scalarUnder(root, 'kind')).filter((kind) => kind !== ''),
    isControlPlane: types.some((type) => CONTROL_PLANES.includes(type)),
  }
}

function talmNodesOf(bytes: Uint8Array): readonly string[] | undefined {
  const line = MODELINE.exec(Buffer.from(bytes.subarray(0, 4096)).toString())?.[1]
  if (line === undefined) return undefined
  return [...(NODES.exec(line)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(([, node = '']) => node)
}

function isOfTalos(root: GoMap): boolean {
  return (
    ['machine', 'cluster'].some((key) => mapUnder(root, key) !== undefined) ||
    (scalarUnder(root, 'apiVersion') === 'v1alpha1' && scalarUnder(root, 'kind') !== '')
  )
}

function hasKey(root: GoMap, name: string): boolean {
  return mapUnder(root, 'machine')?.pairs.some(({ key }) => key.kind === 'scalar' && key.text === name) === true
}

function textUnder(root: GoMap, ...path: readonly [string, string]): string {
  const map = mapUnder(root, path[0])
  return map === undefined ? '' : scalarUnder(map, path[1])
}

function mapUnder(root: GoMap, name: string): GoMap | undefined {
  const value: GoNode | undefined = root.pairs.find(({ key }) => key.kind === 'scalar' && key.text === name)?.value
  return value?.kind === 'map' ? value : undefined
}
