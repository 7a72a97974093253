// The table of `talosctl services`, which alone shows services that do not run: siderolabs/talos
// cmd/talosctl/cmd/talos/service.go over text/tabwriter.
import { FormatError } from '../../errors.ts'
import type { Location } from '../../errors.ts'

export type ServiceRow = {
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
const MAX_BYTES = 4 << 20
const MAX_ROWS = 100_000

/**
 * The rows of the table; a heading may come again, as where tables were put together. FormatError `talosctl`:
 * LIMIT_EXCEEDED above 4 MiB or 100,000 lines, MALFORMED for a text without that heading.
 */
export function readServiceTable(bytes: Uint8Array, path: string): readonly ServiceRow[] {
  if (bytes.length > MAX_BYTES)
    throw new FormatError('talosctl', 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`, {
      at: { path },
    })
  const lines = new TextDecoder().decode(bytes).split('\n')
  if (lines.length > MAX_ROWS)
    throw new FormatError('talosctl', 'LIMIT_EXCEEDED', `expected at most ${MAX_ROWS} lines`, { at: { path } })
  let starts: readonly number[] | undefined
  const rows: ServiceRow[] = []
  for (const [index, line] of lines.entries()) {
    const at = { path, line: index + 1, column: 1 }
    if (line.trim() === '') continue
    if (line.startsWith('NODE')) {
      starts = COLUMNS.map((column) => line.indexOf(column))
      continue
    }
    if (starts === undefined || starts.some((start) => start < 0))
      throw new FormatError('talosctl', 'MALFORMED', `expected a heading with ${COLUMNS.join(', ')}, got none`, { at })
    const [node = '', name = '', state = '', health = '', , event = ''] = cells(line, starts)
    if (node !== '' && name !== '') rows.push({ node, name, state, health, event, at })
  }
  return rows
}

function cells(line: string, starts: readonly number[]): readonly string[] {
  return starts.map((start, at) => line.slice(start, starts[at + 1]).trim())
}
