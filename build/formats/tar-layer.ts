// Writes the tar of an image layer: POSIX ustar, with PAX records where a value does not fit.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
import { chunksOf, sizeOf, type Content } from './content.ts'

export type TarFileType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'fifo'

export type TarFile = {
  /** The name as it is written, also `../x`; nothing is made unique. */
  readonly name: string
  readonly type: TarFileType
  /** Permission bits, 0o7777 at most. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Content of a file. */
  readonly data?: Uint8Array
  /** Target of a symbolic or hard link. */
  readonly linkName?: string
  readonly devMajor?: number
  readonly devMinor?: number
}

/** The same with a content that need not be in memory. */
export type StreamedTarFile = Omit<TarFile, 'data'> & { readonly data?: Content }

const BLOCK_SIZE = 512
const TYPE_FLAGS: Readonly<Record<TarFileType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  directory: '5',
  fifo: '6',
}
const PAX_FLAG = 'x'
const NAME_SIZE = 100
const PREFIX_SIZE = 155
const EMPTY = new Uint8Array(0)

/** The same bytes for the same entries; two blocks of zeros at the end. */
export function encodeTar(entries: readonly TarFile[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    const data = entry.data ?? EMPTY
    return [...encodeHeaders(entry, data.length), data, padding(data.length)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_SIZE)])
}

/** The bytes of `encodeTar`, contents streamed. */
export async function* tarChunks(entries: readonly StreamedTarFile[]): AsyncGenerator<Uint8Array, void, void> {
  for (const entry of entries) {
    const data = entry.data ?? EMPTY
    yield* encodeHeaders(entry, sizeOf(data))
    yield* chunksOf(data)
    yield padding(sizeOf(data))
  }
  yield Buffer.alloc(2 * BLOCK_SIZE)
}

type Header = {
  readonly name: string
  readonly prefix: string
  readonly flag: string
  readonly linkName: string
  readonly size: number
  readonly numbers: Pick<TarFile, 'mode' | 'uid' | 'gid' | 'mtime'>
  readonly device: readonly [number, number]
}

/** The header of an entry, with the PAX records before it that it needs. */
function encodeHeaders(entry: Omit<TarFile, 'data'>, size: number): readonly Uint8Array[] {
  const records: string[] = []
  const fitText = (key: string, value: string): string => {
    if (isAscii(value) && value.length <= NAME_SIZE) return value
    records.push(paxRecord(key, value))
    return value.slice(-NAME_SIZE).replace(/[^\x20-\x7e]/g, '_')
  }
  const fitNumber = (key: string, value: number, digits: number): number => {
    if (Number.isInteger(value) && value >= 0 && value < 8 ** digits) return value
    records.push(paxRecord(key, String(value)))
    return 0
  }
  const split = splitName(entry.name)
  const header: Header = {
    ...(split ?? { name: fitText('path', entry.name), prefix: '' }),
    flag: TYPE_FLAGS[entry.type],
    linkName: fitText('linkpath', entry.linkName ?? ''),
    size: fitNumber('size', size, 11),
    numbers: {
      mode: entry.mode,
      uid: fitNumber('uid', entry.uid, 7),
      gid: fitNumber('gid', entry.gid, 7),
      mtime: fitNumber('mtime', entry.mtime, 11),
    },
    device: [entry.devMajor ?? 0, entry.devMinor ?? 0],
  }
  return [...encodePax(records), encodeHeader(header)]
}

/** The header before the header: records for the values that ustar cannot hold. */
function encodePax(records: readonly string[]): readonly Uint8Array[] {
  if (records.length === 0) return []
  const content = Buffer.from(records.join(''))
  const numbers = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
  const common = { name: 'PaxHeaders.0', prefix: '', flag: PAX_FLAG, linkName: '' }
  return [encodeHeader({ ...common, size: content.length, numbers, device: [0, 0] }), content, padding(content.length)]
}

function encodeHeader({ name, prefix, flag, linkName, size, numbers, device }: Header): Buffer {
  const block = Buffer.alloc(BLOCK_SIZE)
  block.write(name, 0, NAME_SIZE, 'latin1')
  block.write(octal(numbers.mode, 7), 100, 'latin1')
  block.write(octal(numbers.uid, 7), 108, 'latin1')
  block.write(octal(numbers.gid, 7), 116, 'latin1')
  block.write(octal(size, 11), 124, 'latin1')
  block.write(octal(numbers.mtime, 11), 136, 'latin1')
  block.write(' '.repeat(8), 148, 'latin1') // the checksum counts itself as blanks
  block.write(flag, 156, 'latin1')
  block.write(linkName, 157, NAME_SIZE, 'latin1')
  block.write('ustar\x0000', 257, 'latin1') // magic and version
  block.write(octal(device[0], 7), 329, 'latin1')
  block.write(octal(device[1], 7), 337, 'latin1')
  block.write(prefix, 345, PREFIX_SIZE, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return block
}

/** A name in the two fields of ustar, joined by a slash that neither holds; undefined where it does not fit. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (!isAscii(name)) return undefined
  if (name.length <= NAME_SIZE) return { name, prefix: '' }
  const slash = name.indexOf('/', Math.max(1, name.length - NAME_SIZE - 1))
  if (slash < 0 || slash > PREFIX_SIZE || slash === name.length - 1) return undefined
  return { name: name.slice(slash + 1), prefix: name.slice(0, slash) }
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function padding(length: number): Uint8Array {
  return Buffer.alloc(-length & (BLOCK_SIZE - 1))
}
