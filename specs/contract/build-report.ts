// Reads validation/build-report.txt: a title, `Field: value` lines, an inventory (AST-004).
import { FormatError, type Location } from '#harness/errors.ts'
import { INVENTORY, REPORT_FIELDS, type ReportField } from './asset-tree.ts'

type InventoryLine = {
  /** Four octal digits. */
  readonly mode: string
  readonly size: number
  readonly sha256: string
  /** The path without `./`. */
  readonly path: string
}

export type BuildReport = {
  readonly title: string
  readonly fields: Readonly<Record<ReportField, string>>
  readonly inventory: readonly InventoryLine[]
}

const ASSET = /^(\d{4}) (\d{1,15}) ([0-9a-f]{64}) \.\/(\S+)$/

/**
 * FormatError MALFORMED, with its offset, for a field that is missing, empty or out of order and for any other line.
 */
export function parseBuildReport(text: string, where: Location): BuildReport {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw malformed('expected a newline at the end', where, text.length)
  let offset = 0
  const next = (): { readonly line: string; readonly at: number } => {
    const line = lines.shift() ?? ''
    const at = offset
    offset += Buffer.byteLength(line) + 1
    return { line, at }
  }
  const title = next().line
  const fields = {} as Record<ReportField, string>
  for (const name of REPORT_FIELDS) {
    const { line, at } = next()
    const value = line.startsWith(`${name}: `) ? line.slice(name.length + 2) : ''
    if (value.trim() === '') throw malformed(`expected "${name}: …", got ${JSON.stringify(line)}`, where, at)
    fields[name] = value
  }
  const { line, at } = next()
  if (line !== INVENTORY) throw malformed(`expected "${INVENTORY}", got ${JSON.stringify(line)}`, where, at)
  const inventory: InventoryLine[] = []
  while (lines.length > 0) inventory.push(parseAsset(next(), where))
  return { title, fields, inventory }
}

function parseAsset({ line, at }: { readonly line: string; readonly at: number }, where: Location): InventoryLine {
  const [, mode, size, sha256, path] = ASSET.exec(line) ?? []
  if (mode === undefined || size === undefined || sha256 === undefined || path === undefined)
    throw malformed(`expected "<mode> <size> <sha256> ./<path>", got ${JSON.stringify(line)}`, where, at)
  return { mode, size: Number(size), sha256, path }
}

function malformed(message: string, where: Location, offset: number): FormatError {
  return new FormatError('build report', 'MALFORMED', message, { at: { ...where, offset } })
}
