// The table of `talosctl services`, which alone shows services that do not run: siderolabs/talos
// cmd/talosctl/cmd/talos/service.go over text/tabwriter.
import { FormatError } from '../../errors.ts'
import type { Location } from '../../errors.ts'

export type ServiceRow = {
  /** Empty where talosctl knows no name of it. */
  readonly node: string
  readonly name: string
  /** `Running`, `Waiting`, `Preparing`, `Finished`, `Failed`, `Skipped`, … */
  readonly state: string
  /** `OK`, `Fail`, `?`. */
  readonly health: string
  readonly event: string
  readonly at: Location
}

const COLUMNS = ['NODE', 'SERVICE', 'STATE', 'HEALTH', 'LAST CHANGE', 'LAST EVENT'] as const
/** Blanks between columns. */
const GAP = 3
const MAX_BYTES = 4 << 20
const MAX_ROWS = 100_000

/**
 * The rows of the table; a heading may come again, as where tables were put together. FormatError `talosctl`:
 * LIMIT_EXCEEDED above 4 MiB or 100,000 lines, MALFORMED for a text without that heading.
 */
export function readServiceTable(bytes: Uint8Array, path: string): readonly ServiceRow[] {
  return readLines(bytes, path).flatMap(({ line, starts, isHeading, at }) => {
    const [node = '', name = '', state = '', health = '', , event = ''] = cells(line, starts)
    return isHeading || name === '' ? [] : [{ node, name, state, health, event, at }]
  })
}

/**
 * The rows of a saved table. talosctl has in the column of the node what that or its endpoint calls itself, or nothing: where it
 * is none of `known`, `own`, a node by the name of the file, says it. Errors of `readServiceTable`; FormatError MALFORMED for a
 * row of no node.
 */
export function readNamedTable(
  bytes: Uint8Array,
  path: string,
  { own, known }: { readonly own: string | undefined; readonly known: ReadonlySet<string> },
): readonly ServiceRow[] {
  return readServiceTable(bytes, path).map((row) => {
    if (own !== undefined && known.has(own) && !known.has(row.node)) return { ...row, node: own }
    if (row.node !== '') return row
    const message = 'expected a node in the column NODE, got none: name the file services.NODE.txt'
    throw new FormatError('talosctl', 'MALFORMED', message, { at: row.at })
  })
}

/**
 * The table of what one node said, with `node` in each row: talosctl has there what the node or its endpoint calls
 * itself, or nothing. Errors of `readServiceTable`.
 */
export function setNode(bytes: Uint8Array, path: string, node: string): string {
  const lines = readLines(bytes, path).map(({ line, starts: [, from], isHeading }) => {
    const first = isHeading ? COLUMNS[0] : node
    return `${first.padEnd(Math.max(COLUMNS[0].length, node.length) + GAP)}${line.slice(from)}\n`
  })
  return lines.join('')
}

type Line = {
  readonly line: string
  /** Where the columns begin. */
  readonly starts: readonly number[]
  readonly isHeading: boolean
  readonly at: Location
}

/** The lines that are not blank. */
function readLines(bytes: Uint8Array, path: string): readonly Line[] {
  if (bytes.length > MAX_BYTES)
    throw new FormatError('talosctl', 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`, {
      at: { path },
    })
  const lines = new TextDecoder().decode(bytes).split('\n')
  if (lines.length > MAX_ROWS)
    throw new FormatError('talosctl', 'LIMIT_EXCEEDED', `expected at most ${MAX_ROWS} lines`, { at: { path } })
  let starts: readonly number[] = []
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const at = { path, line: index + 1, column: 1 }
    const isHeading = /^NODE\s/.test(line)
    if (isHeading) starts = COLUMNS.map((column) => line.indexOf(column))
    if (starts.length === 0 || starts.some((start) => start < 0))
      throw new FormatError('talosctl', 'MALFORMED', `expected a heading with ${COLUMNS.join(', ')}, got none`, { at })
    return [{ line, starts, isHeading, at }]
  })
}

function cells(line: string, starts: readonly number[]): readonly string[] {
  return starts.map((start, at) => line.slice(start, starts[at + 1]).trim())
}
