// Tar headers that archive/tar of Go, which containerd, crane and skopeo read layers with, refuses or reads otherwise
// than other readers: go1.26 src/archive/tar/{reader,strconv}.go; and what it writes itself: writer.go.
import { BLOCK_SIZE, parseNumber } from './tar-fields.ts'

/**
 * `number`: mode, owner, time or device is no number. `format`: the block is of none of the formats ustar, PAX, GNU and
 * V7, or has bytes where its own has none. `records`: PAX records that Go refuses. `extended`: extended headers in a
 * row of which Go takes others than other readers.
 */
export type FormProblem = 'number' | 'format' | 'records' | 'extended'

type Field = readonly [offset: number, length: number]

const NAME_LENGTH = 100
const TEXTS: readonly Field[] = [
  [0, NAME_LENGTH], // name
  [157, 100], // linkname
]
const USTAR_TEXTS: readonly Field[] = [
  [265, 32], // uname
  [297, 32], // gname
]
const PREFIX: Field = [345, 155]
const NUMBERS: readonly Field[] = [
  [100, 8], // mode
  [108, 8], // uid
  [116, 8], // gid
  [124, 12], // size
  [136, 12], // mtime
]
const DEVICES: readonly Field[] = [
  [329, 8], // devmajor
  [337, 8], // devminor
]
/** GNU: times, offset, names, sparse parts and size; no builder writes them into a layer. */
const GNU_REST: Field = [345, 167]
const USTAR_REST: Field = [500, 12]
const V7_REST: Field = [257, 255]
const MAGIC_OFFSET = 257
const USTAR = 'ustar\x0000'
const GNU = 'ustar  \0'

/** The form of a block whose checksum is right. */
export function headerProblems(block: Buffer): readonly FormProblem[] {
  const magic = block.toString('latin1', MAGIC_OFFSET, MAGIC_OFFSET + USTAR.length)
  const isKnown = magic === USTAR || magic === GNU
  const texts = isKnown ? [...TEXTS, ...USTAR_TEXTS] : TEXTS
  const numbers = isKnown ? [...NUMBERS, ...DEVICES] : NUMBERS
  const rest = magic === USTAR ? USTAR_REST : magic === GNU ? GNU_REST : V7_REST
  const isForm =
    texts.every((field) => isText(block, field)) && (magic !== USTAR || isText(block, PREFIX)) && isZero(block, rest)
  const problems: FormProblem[] = isForm ? [] : ['format']
  if (numbers.some(([offset, length]) => parseNumber(block, offset, length) === undefined)) problems.push('number')
  return problems
}

/** NUL ends a text, or the field does; nothing follows it. */
function isText(block: Buffer, [offset, length]: Field): boolean {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return end < 0 || isZero(field, [end, length - end])
}

function isZero(block: Buffer, [offset, length]: Field): boolean {
  return block.subarray(offset, offset + length).every((byte) => byte === 0)
}

const INTEGER = /^-?\d{1,18}$/
const TIME = /^-?\d{1,18}(?:\.\d*)?$/
const RECORD_FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['uid', INTEGER],
  ['gid', INTEGER],
  ['size', INTEGER],
  ['mtime', TIME],
  ['atime', TIME],
  ['ctime', TIME],
])
const TEXT_RECORDS: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname'])

/** mergePAX and validPAXRecord: an empty value is passed over, numbers are decimal, names have no NUL. */
export function recordProblems(records: ReadonlyMap<string, Uint8Array>): readonly FormProblem[] {
  const isWrong = [...records].some(([key, value]) => {
    if (key.includes('\0')) return true
    if (TEXT_RECORDS.has(key)) return value.includes(0)
    const form = RECORD_FORMS.get(key)
    return form !== undefined && value.length > 0 && !form.test(Buffer.from(value).toString('latin1'))
  })
  return isWrong ? ['records'] : []
}

/**
 * Reader.next: a global header ends an entry, so that extended headers before it are lost to Go and kept by others; a
 * name or target of GNU (L, K) goes over that of PAX (x) in Go and under it in others. containerd reads the name of a
 * global header as one of a file: a whiteout there hides what is below. `before` has the types of the extended headers
 * since the last entry.
 */
export function extensionProblems(block: Buffer, type: string, before: string): readonly FormProblem[] {
  const isLost = type === 'g' && /[xLK]/.test(before)
  const isMixed = (type === 'x' && /[LK]/.test(before)) || ('LK'.includes(type) && before.includes('x'))
  const isWhiteout = type === 'g' && /(?:^|\/)\.wh\./.test(block.toString('latin1', 0, NAME_LENGTH))
  return isLost || isMixed || isWhiteout ? ['extended'] : []
}

/**
 * True if the block is what Go's Writer makes of a file in the format USTAR without names of owners: digits that fill
 * their fields, NUL behind them, device 0. imager writes the artifacts layer so.
 */
export function isGoHeader(block: Buffer): boolean {
  const text = block.toString('latin1', 0, BLOCK_SIZE)
  return (
    NUMBERS.every(([offset, length]) => isDigits(text, offset, length)) &&
    DEVICES.every(([offset, length]) => text.slice(offset, offset + length) === `${'0'.repeat(length - 1)}\0`) &&
    /^[0-7]{6}\0 $/.test(text.slice(148, 156)) &&
    text.slice(MAGIC_OFFSET, MAGIC_OFFSET + USTAR.length) === USTAR &&
    USTAR_TEXTS.every((field) => isZero(block, field))
  )
}

function isDigits(text: string, offset: number, length: number): boolean {
  const field = text.slice(offset, offset + length)
  return field.endsWith('\0') && /^[0-7]+$/.test(field.slice(0, -1))
}
