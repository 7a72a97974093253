// Parts of containerd's CRI configuration, `/etc/cri/conf.d/*.part` (TOML), for the runtime handlers they register:
// https://github.com/containerd/containerd/blob/v2.1.5/docs/cri/config.md
import { parse as parseToml } from 'smol-toml'
import { FormatError, type Location } from '../../errors.ts'

/** Genuine parts have a few hundred bytes. */
const MAX_BYTES = 1 << 20
/** Handlers are six levels deep. */
const MAX_DEPTH = 64
const SEPARATOR = ' > '

/** The plugin that holds `containerd.runtimes` in configuration version 3, of containerd 2; others are passed over. */
const RUNTIME_PLUGIN = 'io.containerd.cri.v1.runtime'

type RuntimeHandler = {
  /** A name such as `io.containerd.spin.v2`: containerd runs `containerd-shim-spin-v2`. */
  readonly runtimeType?: string
}

export type ContainerdConfig = {
  readonly handlers: ReadonlyMap<string, RuntimeHandler>
  /** Every setting that is no runtime handler's type, its keys joined by ` > `. */
  readonly others: readonly string[]
}

/** The registrations of `plugin`. FormatError `containerd config`: MALFORMED, LIMIT_EXCEEDED above 1 MiB. */
export function parseContainerdConfig(
  bytes: Uint8Array,
  where: Location = {},
  plugin: string = RUNTIME_PLUGIN,
): ContainerdConfig {
  if (bytes.length > MAX_BYTES)
    throw new FormatError(
      'containerd config',
      'LIMIT_EXCEEDED',
      `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`,
      { at: where },
    )
  const root = parse(bytes, where)
  const handlers = new Map<string, RuntimeHandler>()
  const path = ['plugins', plugin, 'containerd', 'runtimes']
  const runtimes = table(root, path, where)
  for (const name of Object.keys(runtimes)) {
    const runtimeType = ownValue(table(runtimes, [name], where, path), 'runtime_type')
    if (runtimeType !== undefined && typeof runtimeType !== 'string')
      throw malformed(`expected a string as runtime_type of ${name}, got ${typeof runtimeType}`, where)
    handlers.set(name, runtimeType === undefined ? {} : { runtimeType })
  }
  const types = new Set([...handlers.keys()].map((name) => [...path, name, 'runtime_type'].join(SEPARATOR)))
  return { handlers, others: settings(root).filter((setting) => !types.has(setting)) }
}

type Table = Readonly<Record<string, unknown>>

/** Paths of what is no table; smol-toml bounds their depth. */
function settings(root: Table, above: readonly string[] = []): readonly string[] {
  return Object.entries(root).flatMap(([key, value]) => {
    const path = [...above, key]
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    return isTable ? settings(value as Table, path) : [path.join(SEPARATOR)]
  })
}

function parse(bytes: Uint8Array, where: Location): Table {
  try {
    return parseToml(new TextDecoder('utf-8', { fatal: true }).decode(bytes), { maxDepth: MAX_DEPTH })
  } catch (cause) {
    throw malformed(`expected TOML: ${cause instanceof Error ? firstLine(cause.message) : ''}`, where, cause)
  }
}

/** The table at `path` below `root`; empty where there is none. */
function table(root: Table, path: readonly string[], where: Location, above: readonly string[] = []): Table {
  let at = root
  for (const [depth, key] of path.entries()) {
    const value = ownValue(at, key)
    if (value === undefined) return {}
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date)
      throw malformed(`expected a table at ${[...above, ...path.slice(0, depth + 1)].join('.')}`, where)
    at = value as Table
  }
  return at
}

function ownValue(from: Table, key: string): unknown {
  return Object.hasOwn(from, key) ? from[key] : undefined
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function malformed(message: string, where: Location, cause?: unknown): FormatError {
  return new FormatError('containerd config', 'MALFORMED', message, { at: where, cause })
}
