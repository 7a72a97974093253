// The text of a YAML stream as go-yaml's reader decodes it (readerc.go): UTF-8, or UTF-16 with a byte order mark.
import { FormatError, type FormatCode } from '../../errors.ts'
import { formatPlace, placesIn, type PlaceOf, type YamlPlace } from '../../formats/yaml/nodes.ts'

/** go-yaml has no bound; the largest genuine configuration, with its certificates and manifests, is some 100 KiB. */
const MAX_BYTES = 4 << 20
const strict = {
  utf8: new TextDecoder('utf-8', { fatal: true }),
  le: new TextDecoder('utf-16le', { fatal: true }),
  be: new TextDecoder('utf-16be', { fatal: true }),
}
/** Characters that the reader takes: tab, line ends, and all that prints. */
// oxlint-disable-next-line no-control-regex -- the characters are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]/

export type GoText = {
  /** Line ends of go-yaml (CR, NEL, LS, PS) are LF here; positions are those of the file. */
  readonly text: string
  readonly placeOf: PlaceOf
}

/** FormatError `yaml`: MALFORMED for bytes that the reader does not take, LIMIT_EXCEEDED for size. */
export function decodeGoText(bytes: Uint8Array, path: string): GoText {
  if (bytes.length > MAX_BYTES)
    throw yamlError(
      'LIMIT_EXCEEDED',
      { path, line: 1, column: 1 },
      `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`,
    )
  const original = decode(bytes, path)
  const placeOf = placesIn(original, path)
  const bad = FORBIDDEN.exec(original)
  if (bad !== null)
    throw yamlError(
      'MALFORMED',
      placeOf(bad.index),
      `expected printable characters, got U+${bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
    )
  return { text: original.replace(/\r(?!\n)|[\u0085\u2028\u2029]/g, '\n'), placeOf }
}

function decode(bytes: Uint8Array, path: string): string {
  const [first, second] = bytes
  const encoding = first === 0xff && second === 0xfe ? 'le' : first === 0xfe && second === 0xff ? 'be' : 'utf8'
  try {
    return strict[encoding].decode(bytes)
  } catch {
    const readable = new TextDecoder(encoding === 'utf8' ? 'utf-8' : `utf-16${encoding}`).decode(bytes)
    const at = placesIn(readable, path)(Math.max(0, readable.indexOf('\ufffd')))
    throw yamlError('MALFORMED', at, `expected ${encoding === 'utf8' ? 'UTF-8' : 'UTF-16'}, got other bytes`)
  }
}

export function yamlError(code: FormatCode, at: YamlPlace, message: string): FormatError {
  return new FormatError('yaml', code, message, { at: { path: formatPlace(at) } })
}
