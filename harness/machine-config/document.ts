// Talos machine configuration: a stream of documents, one of them (v1alpha1) without a kind, and patches over it.
// https://docs.siderolabs.com/talos/v1.11/reference/configuration
import type { YamlMap, YamlPlace } from '../formats/yaml/nodes.ts'
import { decodeFree } from './reading/decode.ts'
import { readFiles, type Reading } from './reading/read.ts'
import { FormatError } from '../errors.ts'
import type { Problem } from './reading/problem.ts'
import { MINORS, schemaOf, type Minor } from './schema/schema.ts'
import { scalarUnder, type GoNode } from './yaml/node.ts'
import { parseGoYaml } from './yaml/parse.ts'

const NEWEST = '1.14'

/** `path` is how findings name the file. */
export type ConfigFile = { readonly path: string; readonly bytes: Uint8Array }

type ConfigDocument = {
  /** The kind; undefined for the v1alpha1 document, that of `machine:` and `cluster:`. */
  readonly kind: string | undefined
  /** The name; undefined for a kind of which there is one. */
  readonly name: string | undefined
  readonly root: YamlMap
}

export type MachineConfig = {
  /** All files merged, as the minor reads them that has least against them; each value still knows its file. */
  readonly documents: readonly ConfigDocument[]
  /** Each file as it is, what a later one overrides included. */
  readonly files: readonly {
    readonly path: string
    readonly text: string
    readonly documents: readonly ConfigDocument[]
  }[]
  /** The beginning of the first file. */
  readonly start: YamlPlace
  /**
   * The same files as Talos of a minor reads them, and what keeps it from doing so; of all minors, or of that they are
   * for.
   */
  readonly readings: Readonly<Partial<Record<Minor, Reading>>>
}

/**
 * Chooses the minor that the files are for, by the keys that the newest reads in them; undefined where they do not show
 * it.
 */
export type ChooseMinor = (config: MachineConfig) => Minor | undefined

/**
 * The first file with the others merged over it in order, as `talosctl machineconfig patch` does: as every minor reads
 * them, or, to be quick, as the one that `choose` names does. What keeps Talos from reading the files is in `readings`: of
 * what is no YAML nothing is read. FormatError `yaml` LIMIT_EXCEEDED for too much; its `at.path` is `file:line:column`.
 */
export function parseMachineConfig(files: readonly ConfigFile[], choose?: ChooseMinor): MachineConfig {
  const parsed = files.map(parseOne)
  const broken = parsed.flatMap(({ problem }) => problem ?? [])
  const asTheyStand = files.map(({ path, bytes }, at) => ({
    path,
    text: textOf(bytes),
    documents: (parsed[at]?.roots ?? []).flatMap(toDocument),
  }))
  const readAs = (minors: readonly Minor[]): MachineConfig => {
    const readings = minors.map(
      (minor) =>
        [minor, broken.length > 0 ? { minor, documents: [], problems: broken } : readFiles(minor, parsed)] as const,
    )
    const [best] = readings.map(([, reading]) => reading).toSorted((a, b) => a.problems.length - b.problems.length)
    return {
      documents: best?.documents ?? [],
      files: asTheyStand,
      start: { path: files[0]?.path ?? '', line: 1, column: 1 },
      readings: Object.fromEntries(readings),
    }
  }
  if (choose === undefined) return readAs(MINORS)
  const newest = readAs([NEWEST])
  const minor = choose(newest)
  if (minor === NEWEST) return newest
  const chosen = minor === undefined ? undefined : readAs([minor])
  // A minor may see less in the files, the field that implies the minor included.
  return chosen !== undefined && choose(chosen) === minor ? chosen : readAs(MINORS)
}

type Parsed = { readonly path: string; readonly roots: readonly GoNode[]; readonly problem?: Problem }

function parseOne({ path, bytes }: ConfigFile): Parsed {
  try {
    return { path, roots: parseGoYaml(bytes, path) }
  } catch (error) {
    if (!(error instanceof FormatError) || error.code === 'LIMIT_EXCEEDED') throw error
    return { path, roots: [], problem: yamlProblem(error, path) }
  }
}

/** The location of the error is `file:line:column`. */
function yamlProblem({ message, at: location }: FormatError, path: string): Problem {
  const [, line = 1, column = 1] = /:(\d+):(\d+)$/.exec(location?.path ?? '') ?? []
  const at = { path, line: Number(line), column: Number(column) }
  return { class: 'yaml', at, key: '', message: `is no YAML to Talos: ${message.replace(/^yaml: /, '')}` }
}

function toDocument(root: GoNode): readonly ConfigDocument[] {
  if (root.kind !== 'map') return []
  const kind = scalarUnder(root, 'kind')
  const name = scalarUnder(root, 'name')
  return [
    {
      kind: kind === '' ? undefined : kind,
      name: name === '' ? undefined : name,
      root: decodeFree(schemaOf('1.14'), root, '').value,
    },
  ]
}

function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}
