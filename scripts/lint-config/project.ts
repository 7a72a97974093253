// The configurations of a project, each with its base.
import { targetMinor } from '#specs/config/validity/target.ts'
import type { ChooseMinor, ConfigFile } from '#harness/machine-config/document.ts'
import { installsOf } from '#harness/machine-config/facts.ts'
import type { Minor } from '#harness/machine-config/schema/schema.ts'
import { checkTarget, readConfigFile, readMachineConfig, type LoadedConfig } from '../judge/candidates/config-files.ts'
import { GENERATED, generatedBase } from './base.ts'
import { findNodes, type NodeFiles } from './nodes.ts'

export type Project = { readonly nodes: readonly LoadedConfig[]; readonly ignored: readonly string[] }

export type ProjectTerms = {
  /** A file, `generated`, or undefined: then talm's files alone have the generated one. */
  readonly base: string | undefined
  readonly talos: string | undefined
  /** The Talos of the lock. */
  readonly locked: string | undefined
}

/** Throws UsageError. */
export async function loadProject(paths: readonly string[], terms: ProjectTerms): Promise<Project> {
  const { base, talos } = terms
  checkTarget(talos)
  const given = base === undefined || base === 'generated' ? undefined : await readConfigFile(base)
  const { nodes, ignored } = await findNodes(paths, base !== undefined)
  return { nodes: nodes.map((node) => ({ ...readNode(node, given, terms), ...reached(node.shape) })), ignored }
}

function readNode(node: NodeFiles, given: ConfigFile | undefined, terms: ProjectTerms): LoadedConfig {
  const { shape, files } = node
  const { base, talos, locked } = terms
  const minorOf = (installs: LoadedConfig['facts']['installs']): Minor | undefined =>
    targetMinor(
      { installs },
      { ...(talos !== undefined && { target: talos }), ...(locked !== undefined && { talos: locked }) },
    )
  const choose: ChooseMinor = (config) => minorOf(installsOf(config))
  const isRendered = shape.kind === 'node' && shape.talmNodes !== undefined
  if (given !== undefined) return over(given, node, { talos, choose })
  if (base !== 'generated' && !isRendered) return readMachineConfig(files, talos, choose)
  // Since 1.12 the generator names the node itself, unless it is told to write for an older Talos.
  const namesItself = shape.kinds.includes('HostnameConfig')
  const older = over(generatedBase(shape.isControlPlane, 'older'), node, { talos, choose })
  const minor = minorOf(older.facts.installs)
  if (minor === '1.14' && shape.kinds.length > 0)
    return over(generatedBase(shape.isControlPlane, namesItself ? 'native, with hostname' : 'native'), node, {
      talos,
      choose,
    })
  if (minor === undefined || minor === '1.11' || !namesItself) return older
  return over(generatedBase(shape.isControlPlane, 'older, with hostname'), node, { talos, choose })
}

function over(
  base: ConfigFile,
  { files }: NodeFiles,
  { talos, choose }: { readonly talos: string | undefined; readonly choose: ChooseMinor },
): LoadedConfig {
  const config = readMachineConfig([base, ...files], talos, choose)
  const { facts } = config
  return {
    ...config,
    facts: {
      ...facts,
      start: { path: files[0]?.path ?? base.path, line: 1, column: 1 },
      // The secrets of a generated one are not a person’s.
      secrets: facts.secrets.filter(({ at }) => at.path !== GENERATED),
    },
    files: config.files.filter(({ path }) => path !== GENERATED),
  }
}

/** One address of talm's first line is that of the node; several are a file for several nodes. */
function reached({ talmNodes = [] }: NodeFiles['shape']): Pick<LoadedConfig, 'reachedBy'> {
  return talmNodes.length === 1 ? { reachedBy: talmNodes } : {}
}
