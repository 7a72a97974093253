// The nodes of a project: which of the files given, or found in folders, are a node's configuration, and which are
// patches over one.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HarnessError } from '#harness/errors.ts'
import type { ConfigFile } from '#harness/machine-config/document.ts'
import { readFileShape, type FileShape } from '#harness/machine-config/file-shape.ts'
import { readConfigFile, readOrRefuse } from '../judge/candidates/config-files.ts'
import { UsageError } from '../judge/usage-error.ts'

export type NodeFiles = { readonly files: readonly ConfigFile[]; readonly shape: FileShape }
export type ProjectFiles = {
  readonly nodes: readonly NodeFiles[]
  /** Files of folders that are no node's configuration. */
  readonly ignored: readonly string[]
}

/** More nodes than a cluster of CozyStack has; a folder with more is none of a project. */
const MAX_FILES = 1000
const MAX_DEPTH = 8
const YAML = /\.ya?ml$/
/** Folders of talm and of helm, whose files are templates. */
const TEMPLATES = new Set(['templates', 'charts', 'node_modules'])

type Node = { files: ConfigFile[]; shape: FileShape; isFromFolder: boolean }

/**
 * Nodes in order. With `hasBase` every file with a machine type is a node. UsageError for what cannot be read, and for
 * a patch without a node before it.
 */
export async function findNodes(paths: readonly string[], hasBase: boolean): Promise<ProjectFiles> {
  const nodes: Node[] = []
  const ignored: string[] = []
  for (const path of paths) {
    if (await isFolder(path)) {
      const found = await nodesOfFolder(path)
      nodes.push(...found.nodes)
      ignored.push(...found.ignored)
      continue
    }
    const file = await readConfigFile(path)
    // A single file is a node, whatever is in it: what it lacks is for the rules to say.
    const shape = shapeOf(file)
    const last = nodes.at(-1)
    if (last === undefined || isNode(shape, last, hasBase)) nodes.push({ files: [file], shape, isFromFolder: false })
    else if (last.isFromFolder)
      throw new UsageError(`${path} is a patch, and follows a folder: name the configuration that it is for`)
    else last.files.push(file)
  }
  return { nodes, ignored }
}

/** True for a node: a file with a type alone is a patch over a whole configuration, and a node over a rendered one. */
function isNode({ kind }: FileShape, before: Node, hasBase: boolean): boolean {
  return kind === 'whole' || (kind === 'node' && (hasBase || before.shape.kind === 'node'))
}

/** A file that is no YAML counts as a patch: a rule says what is wrong with it. */
function shapeOf({ bytes, path }: ConfigFile): FileShape {
  try {
    return readFileShape(bytes, path)
  } catch (error) {
    if (error instanceof HarnessError) return { kind: 'patch', isControlPlane: false, kinds: [] }
    throw error
  }
}

async function nodesOfFolder(folder: string): Promise<{ nodes: readonly Node[]; ignored: readonly string[] }> {
  const paths = await listYaml(folder, 0)
  if (paths.length > MAX_FILES)
    throw new UsageError(
      `${folder} has ${paths.length} files of YAML, more than the ${MAX_FILES} that a project may have`,
    )
  const nodes: Node[] = []
  const ignored: string[] = []
  for (const path of paths) {
    const file = await readConfigFile(path)
    const shape = readOrRefuse([file], () => readFileShape(file.bytes, path))
    if (shape.kind === 'whole' || shape.kind === 'node') nodes.push({ files: [file], shape, isFromFolder: true })
    else ignored.push(path)
  }
  if (nodes.length === 0)
    throw new UsageError(`${folder} holds no machine configuration: expected .yaml files with a machine.type`)
  return { nodes, ignored }
}

async function listYaml(folder: string, depth: number): Promise<readonly string[]> {
  if (depth > MAX_DEPTH)
    throw new UsageError(`${folder} is deeper than the ${MAX_DEPTH} folders that a project may have`)
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const found: string[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !entry.name.startsWith('.') && !TEMPLATES.has(entry.name))
      found.push(...(await listYaml(path, depth + 1)))
    else if (!entry.isDirectory() && YAML.test(entry.name)) found.push(path)
  }
  return found
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
