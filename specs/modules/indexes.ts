// Faults of the module indexes of a machine.
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import {
  entriesOfIndex,
  entriesOfText,
  moduleName,
  parseModulesDep,
  type IndexEntries,
  type ModulesIndexKind,
} from '#harness/formats/modules/index.ts'
import { parseModulesIndex } from '#harness/formats/modules/index-binary.ts'
import { MODULES_FOLDER, type InstalledModules } from '#harness/talos/modules.ts'

const KINDS: readonly ModulesIndexKind[] = ['dep', 'alias', 'symbols', 'builtin', 'builtin.alias']
/** A distribution's modules.alias has some 1.5 MiB. */
const MAX_INDEX_BYTES = 32 << 20

/** Modules without a line, lines without a module, and dependencies that are absent or not listed, of each release. */
export async function dependencyFindings(installed: InstalledModules): Promise<readonly string[]> {
  const findings: string[] = []
  for (const release of installed.releases) {
    const folder = `${MODULES_FOLDER}/${release}`
    const text = await readIndex(installed, release, 'modules.dep')
    const lines = parseModulesDep(text)
    findings.push(...writtenFindings(text))
    const listed = new Map(lines.map(({ path, dependencies }) => [path, dependencies]))
    const modules = installed.modules.filter(({ path }) => path.startsWith(`${folder}/`))
    const paths = new Map(modules.map((module) => [module.path.slice(folder.length + 1), module]))

    for (const path of paths.keys()) if (!listed.has(path)) findings.push(`${path}: not in modules.dep`)
    for (const [path, dependencies] of listed) {
      if (!paths.has(path)) findings.push(`${path}: in modules.dep, not in the image`)
      for (const needed of dependencies)
        if (!paths.has(needed)) findings.push(`${path}: needs ${needed}, which is not there`)
    }
    const depends = new Map<string, readonly string[]>()
    for (const [path, module] of paths) depends.set(moduleName(path), (await module.read()).depends.map(moduleName))
    for (const path of paths.keys()) {
      const names = new Set((listed.get(path) ?? []).map(moduleName))
      for (const needed of neededBy(moduleName(path), depends))
        if (!names.has(needed)) findings.push(`${path}: depends on ${needed}, modules.dep does not say where it is`)
    }
  }
  return findings
}

/**
 * Lines of modules.dep as depmod writes none: a second one of a module, a comment, an empty one, one without its end.
 */
function writtenFindings(text: Uint8Array): readonly string[] {
  const lines = Buffer.from(text).toString('latin1').split('\n')
  const cut = lines.pop()
  const starts = lines.map((line) => line.slice(0, line.indexOf(':') + 1))
  return [
    ...(cut === '' || cut === undefined ? [] : [`modules.dep: expected a line feed behind ${cut}`]),
    ...lines
      .filter((line, at) => line.startsWith('#') || line === '' || starts.indexOf(starts[at] ?? '') < at)
      .map((line) => `modules.dep: ${JSON.stringify(line)}: a line that depmod does not write`),
  ]
}

/** The modules that a module depends on, directly or not: modprobe loads the line of a module and looks no further. */
function neededBy(module: string, depends: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const needed = new Set(depends.get(module))
  for (const name of needed) for (const next of depends.get(name) ?? []) needed.add(next)
  needed.delete(module)
  return needed
}

/** Keys that the binary index and the text of a release do not both have with the same values. */
export async function indexFindings(installed: InstalledModules): Promise<readonly string[]> {
  const findings: string[] = []
  for (const release of installed.releases)
    for (const kind of KINDS) {
      const text = entriesOfText(kind, await readIndex(installed, release, textFile(kind)))
      const name = `modules.${kind}.bin`
      const binary = entriesOfIndex(parseModulesIndex(await readIndex(installed, release, name)))
      findings.push(...differences(text, binary).map((key) => `${release}/${name}: ${key}`))
    }
  return findings
}

/** depmod makes the aliases of built-in modules from their modinfo and keeps no text of them. */
function textFile(kind: ModulesIndexKind): string {
  return kind === 'builtin.alias' ? 'modules.builtin.modinfo' : `modules.${kind}`
}

function differences(text: IndexEntries, binary: IndexEntries): readonly string[] {
  const keys = [...new Set([...text.keys(), ...binary.keys()])]
  return keys.filter((key) => String(text.get(key)) !== String(binary.get(key)))
}

/** Reads an index; empty where there is no such file. */
async function readIndex({ tree }: InstalledModules, release: string, name: string): Promise<Uint8Array> {
  const data: ByteSource | undefined = tree.get(`${MODULES_FOLDER}/${release}/${name}`)?.data
  return data === undefined ? new Uint8Array(0) : readAll(data, MAX_INDEX_BYTES)
}
