// The text indexes that depmod extracts from the modules themselves, written a second time and apart from the build:
// tools/depmod.c (kmod 34), output_aliases, output_softdeps, output_weakdeps, output_symbols, output_devname.
import { moduleName } from './index.ts'

export type ListedModule = {
  /** The path relative to the release's folder. */
  readonly path: string
  /** `key=value` of .modinfo, in order. */
  readonly info: readonly (readonly [key: string, value: string])[]
  readonly exports: readonly string[]
}

/**
 * The folder that imager makes depmod prefer for modules of one name (T hack/extra-modules.conf: `search extras
 * built-in`).
 */
const PREFERRED = 'extras/'
const TITLES = {
  'modules.alias': '# Aliases extracted from modules themselves.',
  'modules.softdep': '# Soft dependencies extracted from modules themselves.',
  'modules.weakdep': '# Weak dependencies extracted from modules themselves.',
  'modules.symbols': '# Aliases for symbols, used by symbol_request().',
  'modules.devname': '# Device nodes to trigger on-demand module loading.',
} as const

/** File → its lines, the title first and the others sorted: depmod's own order is that in which it met the modules. */
export function depmodLists(modules: readonly ListedModule[]): ReadonlyMap<string, readonly string[]> {
  const own = oneOfEachName(modules)
  const of = (key: string): readonly string[] =>
    own.flatMap(({ name, info }) => info.filter(([field]) => field === key).map(([, value]) => `${name} ${value}`))
  const symbols = new Map(own.flatMap(({ name, exports }) => exports.map((symbol) => [symbol, name] as const)))
  const lines: Readonly<Record<keyof typeof TITLES, readonly string[]>> = {
    'modules.alias': own.flatMap(({ name, info }) =>
      info.filter(([field]) => field === 'alias').map(([, value]) => `alias ${value} ${name}`),
    ),
    'modules.softdep': of('softdep').map((line) => `softdep ${line}`),
    'modules.weakdep': of('weakdep').map((line) => `weakdep ${line}`),
    'modules.symbols': [...symbols].map(([symbol, name]) => `alias symbol:${symbol} ${name}`),
    'modules.devname': own.flatMap(deviceLine),
  }
  return new Map(
    Object.entries(lines).map(([file, found]) => {
      const title = TITLES[file as keyof typeof TITLES]
      // A list of no device is an empty file.
      return [file, file === 'modules.devname' && found.length === 0 ? [] : [title, ...found.toSorted()]]
    }),
  )
}

type NamedModule = ListedModule & { readonly name: string }

function oneOfEachName(modules: readonly ListedModule[]): readonly NamedModule[] {
  const found = new Map<string, NamedModule>()
  for (const module of modules.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = moduleName(module.path)
    const known = found.get(name)
    if (known === undefined || (module.path.startsWith(PREFERRED) && !known.path.startsWith(PREFERRED)))
      found.set(name, { ...module, name })
  }
  return [...found.values()]
}

/** `loop loop-control c10:237`: of the aliases of a module the first pair of a name and a device that is complete. */
function deviceLine({ name, info }: NamedModule): readonly string[] {
  let node: string | undefined
  let device: string | undefined
  for (const [key, value] of info) {
    if (key !== 'alias') continue
    const numbers = /^(c|b)(?:har|lock)-major-([0-9]+)-([0-9]+)/.exec(value)
    if (value.startsWith('devname:')) node = value.slice('devname:'.length)
    else if (numbers !== null) device = `${numbers[1]}${Number(numbers[2])}:${Number(numbers[3])}`
    if (node !== undefined && device !== undefined) return [`${name} ${node} ${device}`]
  }
  return []
}
