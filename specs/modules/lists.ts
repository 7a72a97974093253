// Faults of the text indexes of a machine's modules, and of the lists beside them.
import type { FileEntry } from '#harness/fs/file-tree.ts'
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import { depmodLists, type ListedModule } from '#harness/formats/modules/depmod.ts'
import { readModuleSymbols } from '#harness/formats/modules/symbols.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { MODULES_FOLDER, type InstalledModules } from '#harness/talos/modules.ts'

const MAX_LIST_BYTES = 32 << 20
/** Files of depmod beside the lists that it extracts from modules: MOD-003 and MOD-004 hold them. */
const OTHERS = [
  'modules.dep',
  'modules.dep.bin',
  'modules.alias.bin',
  'modules.symbols.bin',
  'modules.builtin.bin',
  'modules.builtin.alias.bin',
]
const MAX_FINDINGS = 20

/** Findings of each release: lines that the modules do not give, and those that they give and the list lacks. */
export async function listFindings(installed: InstalledModules): Promise<readonly string[]> {
  const findings: string[] = []
  for (const release of installed.releases) {
    const lists = depmodLists(await readListed(installed, `${MODULES_FOLDER}/${release}/`))
    for (const [name, wanted] of lists) {
      const data = installed.tree.get(`${MODULES_FOLDER}/${release}/${name}`)?.data
      findings.push(...compareLines(`${release}/${name}`, await readLines(data), wanted))
    }
  }
  return findings.slice(0, MAX_FINDINGS)
}

/** Files of the index that are neither depmod's nor brought by base or extensions, and those that are not as they were brought. */
export async function broughtFindings(installed: InstalledModules): Promise<readonly string[]> {
  const findings: string[] = []
  for (const release of installed.releases) {
    const folder = `${MODULES_FOLDER}/${release}/`
    const brought = new Map(
      installed.brought.filter(({ path }) => path.startsWith(folder)).map((file) => [file.path, file.data]),
    )
    const own = [...depmodLists([]).keys(), ...OTHERS].map((name) => folder + name)
    for (const { path, data } of installed.index)
      if (path.startsWith(folder) && data !== undefined && !own.includes(path) && !brought.has(path))
        findings.push(`${path}: nothing brings it`)
    for (const path of own) if (installed.tree.get(path)?.data === undefined) findings.push(`${path}: not there`)
    for (const [path, data] of brought)
      if (!own.includes(path) && !(await isSame(data, installed.tree.get(path)?.data)))
        findings.push(`${path}: not as base or extensions bring it`)
  }
  return findings.slice(0, MAX_FINDINGS)
}

/** The layer is on top of all: its folders' modes are those that the machine shows, of `usr` as well. */
export function modeFindings(entries: readonly FileEntry[]): readonly string[] {
  return entries.flatMap(({ path, type, mode }) => {
    if (type !== 'directory' && !path.startsWith(`${MODULES_FOLDER}/`)) return []
    const wanted = type === 'directory' ? 0o755 : 0o644
    return mode === wanted ? [] : [`${path}: expected mode 0${wanted.toString(8)}, got 0${mode.toString(8)}`]
  })
}

async function readListed({ modules }: InstalledModules, folder: string): Promise<readonly ListedModule[]> {
  const own = modules.filter(({ path }) => path.startsWith(folder))
  return mapInParallel(own, async ({ path, data, read }) => ({
    path: path.slice(folder.length),
    info: (await read()).info,
    exports: (await readModuleSymbols(data)).exports,
  }))
}

function compareLines(file: string, own: readonly string[], wanted: readonly string[]): readonly string[] {
  const left = [...wanted]
  const extra = own.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  const title = wanted[0] === own[0] ? [] : [`${file}: expected ${JSON.stringify(wanted[0] ?? '')} first`]
  return [
    ...title,
    ...extra.map((line) => `${file}: no module says ${JSON.stringify(line.slice(0, 120))}`),
    ...left.map((line) => `${file}: lacks ${JSON.stringify(line.slice(0, 120))}`),
  ]
}

/** Each ended by a line feed; what follows the last one counts as a line. */
async function readLines(data: ByteSource | undefined): Promise<readonly string[]> {
  if (data === undefined) return []
  const lines = Buffer.from(await readAll(data, MAX_LIST_BYTES))
    .toString('latin1')
    .split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : [...lines.slice(0, -1), `${lines.at(-1)} without a line feed`]
}

async function isSame(one: ByteSource | undefined, other: ByteSource | undefined): Promise<boolean> {
  if (one === undefined || other === undefined || one.size !== other.size) return one === other
  const [own, wanted] = await Promise.all([readAll(one, MAX_LIST_BYTES), readAll(other, MAX_LIST_BYTES)])
  return Buffer.from(own).equals(wanted)
}
