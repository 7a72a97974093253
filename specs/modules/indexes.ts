// Faults of the module indexes of a machine.
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import {
  entriesOfIndex,
  entriesOfText,
  moduleName,
  parseModulesDep,
  parseModulesPaths,
  type IndexEntries,
  type ModulesIndexKind,
} from '#harness/formats/modules/index.ts'
import { parseModulesIndex, type ModulesIndex } from '#harness/formats/modules/index-binary.ts'
import { encodeModulesIndex } from '#harness/formats/modules/index-encoding.ts'
import { readModuleSymbols, type ModuleSymbols } from '#harness/formats/modules/symbols.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
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
      const names = (listed.get(path) ?? []).map(moduleName)
      for (const needed of neededBy(moduleName(path), depends))
        if (!names.includes(needed))
          findings.push(`${path}: depends on ${needed}, modules.dep does not say where it is`)
    }
    const links = linker(modules)
    for (const [path, dependencies] of listed) {
      const names = dependencies.map(moduleName)
      const needed = neededBy(moduleName(path), depends)
      if (names.some((name) => !needed.has(name))) await links.follow(moduleName(path), needed)
      for (const [at, name] of names.entries()) {
        if (!needed.has(name)) findings.push(`${path}: modules.dep has it load ${name}, which it does not need`)
        else if (names.indexOf(name) < at) findings.push(`${path}: modules.dep names ${name} twice`)
        // modprobe loads a line from its end.
        const late = names.slice(0, at).find((before) => neededBy(name, depends).has(before))
        if (late !== undefined)
          findings.push(`${path}: modules.dep has it load ${name} before ${late}, which ${name} needs`)
      }
    }
  }
  return findings
}

/** `path:`, then each dependency behind one blank: output_deps of tools/depmod.c. */
const DEPENDENCY_LINE = /^[^\s:]+:(?: [^\s:]+)*$/

/**
 * Lines of modules.dep as depmod writes none: a second one of a module, a comment, an empty one, one with other blanks,
 * one without its end.
 */
function writtenFindings(text: Uint8Array): readonly string[] {
  const lines = Buffer.from(text).toString('latin1').split('\n')
  const cut = lines.pop()
  const starts = lines.map((line) => line.slice(0, line.indexOf(':') + 1))
  return [
    ...(cut === '' || cut === undefined ? [] : [`modules.dep: expected a line feed behind ${cut}`]),
    ...lines
      .filter((line, at) => !DEPENDENCY_LINE.test(line) || starts.indexOf(starts[at] ?? '') < at)
      .map((line) => `modules.dep: ${JSON.stringify(line)}: a line that depmod does not write`),
  ]
}

/** Modules by the symbols that they import and export: what depmod goes by, read where `depends` of a module says less. */
function linker(modules: InstalledModules['modules']): {
  /** Adds the modules that export what `name`, or a module in `needed`, imports. */
  follow(name: string, needed: Set<string>): Promise<void>
} {
  let all: ReadonlyMap<string, ModuleSymbols> | undefined
  return {
    follow: async (name, needed) => {
      all ??= new Map(
        await mapInParallel(
          modules,
          async ({ path, data }) => [moduleName(path), await readModuleSymbols(data)] as const,
        ),
      )
      const owners = new Map(
        [...all].flatMap(([owner, { exports }]) => exports.map((symbol) => [symbol, owner] as const)),
      )
      const pending = [name, ...needed]
      for (let next = pending.pop(); next !== undefined; next = pending.pop())
        for (const symbol of all.get(next)?.imports ?? []) {
          const owner = owners.get(symbol)
          if (owner === undefined || owner === name || needed.has(owner)) continue
          needed.add(owner)
          pending.push(owner)
        }
    },
  }
}

/** The modules that a module depends on, directly or not: modprobe loads the line of a module and looks no further. */
function neededBy(module: string, depends: ReadonlyMap<string, readonly string[]>): Set<string> {
  const needed = new Set(depends.get(module))
  for (const name of needed) for (const next of depends.get(name) ?? []) needed.add(next)
  needed.delete(module)
  return needed
}

/**
 * Keys that the binary index and the text of a release do not both have with the same values, priorities that are not
 * those of depmod, and bytes that it lays out otherwise.
 */
export async function indexFindings(installed: InstalledModules): Promise<readonly string[]> {
  const findings: string[] = []
  for (const release of installed.releases) {
    const places = new Map<string, number>()
    for (const kind of KINDS) {
      const text = entriesOfText(kind, await readIndex(installed, release, textFile(kind)))
      const name = `modules.${kind}.bin`
      const bytes = await readIndex(installed, release, name)
      const binary = parseModulesIndex(bytes)
      const found = differences(text, entriesOfIndex(binary))
      if (kind === 'dep') {
        for (const [key, values] of binary) places.set(key, values[0]?.priority ?? 0)
        found.push(...placeFindings(places, parseModulesPaths(await readIndex(installed, release, 'modules.order'))))
      }
      found.push(...priorityFindings(kind, binary, places))
      if (found.length === 0 && bytes.length > 0 && !isOfDepmod(binary, bytes))
        found.push('expected its nodes as depmod lays them out, got the same entries in other bytes')
      findings.push(...found.map((key) => `${release}/${name}: ${key}`))
    }
  }
  return findings
}

const NODE_ORDERS = ['parents first', 'children first'] as const

function isOfDepmod(index: ModulesIndex, bytes: Uint8Array): boolean {
  return NODE_ORDERS.some((order) => Buffer.from(encodeModulesIndex(index, order)).equals(bytes))
}

/** depmod counts the modules: those in modules.order first, in its order, the others as it met them. */
function placeFindings(places: ReadonlyMap<string, number>, order: readonly string[]): readonly string[] {
  const counted = [...places.values()].toSorted((a, b) => a - b)
  const lines = Map.groupBy(order, moduleName)
  // Of a name that has several lines, the version of depmod decides which one counts.
  const ordered = [...lines].flatMap(([name, { length }]) => (length === 1 && places.has(name) ? [name] : []))
  const at = (name: string | undefined): number => places.get(name ?? '') ?? -1
  const wrong = ordered.find((name, index) => at(ordered[index - 1]) > at(name))
  const last = at(ordered.at(-1))
  const early = [...places].find(([name, place]) => place < last && !lines.has(name))?.[0]
  return [
    ...(counted.every((place, index) => place === index)
      ? []
      : [`expected the priorities 0 to ${places.size - 1}, each once`]),
    ...(wrong === undefined ? [] : [`${wrong}: expected its priority by its line of modules.order`]),
    ...(early === undefined ? [] : [`${early}: expected its priority behind those in modules.order`]),
  ]
}

/** A module has one priority in all indexes; what is built in has 0. Values of a key rise by it. */
function priorityFindings(
  kind: ModulesIndexKind,
  binary: ModulesIndex,
  places: ReadonlyMap<string, number>,
): readonly string[] {
  const isBuiltIn = kind === 'builtin' || kind === 'builtin.alias'
  return [...binary].flatMap(([key, values]) =>
    values.flatMap(({ value, priority }, at) => {
      const wanted = isBuiltIn ? 0 : places.get(kind === 'dep' ? key : value)
      if (priority !== wanted) return [`${key}: expected the priority ${wanted} of ${value}, got ${priority}`]
      return at > 0 && (values[at - 1]?.priority ?? 0) > priority ? [`${key}: expected its values by priority`] : []
    }),
  )
}

/** depmod makes the aliases of built-in modules from their modinfo and keeps no text of them. */
function textFile(kind: ModulesIndexKind): string {
  return kind === 'builtin.alias' ? 'modules.builtin.modinfo' : `modules.${kind}`
}

function differences(text: IndexEntries, binary: IndexEntries): string[] {
  const keys = [...new Set([...text.keys(), ...binary.keys()])]
  return keys.filter((key) => String(text.get(key)) !== String(binary.get(key)))
}

/** Reads an index; empty where there is no such file. */
async function readIndex({ tree }: InstalledModules, release: string, name: string): Promise<Uint8Array> {
  const data: ByteSource | undefined = tree.get(`${MODULES_FOLDER}/${release}/${name}`)?.data
  return data === undefined ? new Uint8Array(0) : readAll(data, MAX_INDEX_BYTES)
}
