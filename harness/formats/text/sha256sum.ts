// Files as sha256sum writes them and `sha256sum -c` reads them: GNU coreutils, "md5sum invocation".
import { FormatError, type Location } from '../../errors.ts'

export type Checksum = {
  readonly sha256: string
  /** The path as it is written: `./boot/vmlinuz`. */
  readonly path: string
}

/** 64 hex digits, a space, a space (text) or `*` (binary), the name; a name with escapes begins with a backslash. */
const LINE = /^([0-9a-f]{64}) [ *]([^\\\n]+)$/
/** An asset tree has a dozen files. */
const MAX_LINES = 100_000

/**
 * Parses the lines, in the order of the file. FormatError MALFORMED with its offset for any other line; LIMIT_EXCEEDED.
 */
export function parseSha256Sums(text: string, where: Location): readonly Checksum[] {
  const checksums: Checksum[] = []
  let offset = 0
  for (const line of text.split('\n')) {
    const [, sha256, path] = LINE.exec(line) ?? []
    if (sha256 !== undefined && path !== undefined) checksums.push({ sha256, path })
    else if (line !== '' || offset !== text.length)
      throw new FormatError(
        'sha256sum',
        'MALFORMED',
        `expected "<sha256>  <path>", got ${JSON.stringify(line.slice(0, 120))}`,
        {
          at: { ...where, offset },
        },
      )
    if (checksums.length > MAX_LINES)
      throw new FormatError('sha256sum', 'LIMIT_EXCEEDED', `expected at most ${MAX_LINES} lines, got more`, {
        at: { ...where, offset },
      })
    offset += line.length + 1
  }
  return checksums
}
