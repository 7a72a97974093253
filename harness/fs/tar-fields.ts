// The fields of a tar header and of its PAX extension: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html

export const BLOCK_SIZE = 512

/** Bytes of content with the padding to the next block. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK_SIZE) * BLOCK_SIZE
}

/**
 * A number field: octal digits, or (GNU) a big-endian two's complement number behind a byte 0x80 or 0xff. Undefined for
 * anything else and for what is beyond ±2^53.
 */
export function parseNumber(block: Buffer, offset: number, length: number): number | undefined {
  const field = block.subarray(offset, offset + length)
  if (field[0] === 0x80 || field[0] === 0xff) {
    const bits = BigInt(`0x${field.subarray(1).toString('hex')}`)
    const value = field[0] === 0xff ? bits - (1n << BigInt(8 * (length - 1))) : bits
    return Number.isSafeInteger(Number(value)) ? Number(value) : undefined
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number.parseInt(`0${digits}`, 8)
}

/** True if the checksum (offset 148, 8 bytes, counted as blanks itself) is that of the block. */
export function hasValidChecksum(block: Buffer): boolean {
  let sum = 8 * 0x20
  for (let at = 0; at < BLOCK_SIZE; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  return parseNumber(block, 148, 8) === sum
}

/** Longest decimal length of a record. */
const MAX_LENGTH_DIGITS = 8
const BLANK = 0x20
const EQUALS = 0x3d
const LINE_END = 0x0a

/**
 * The records `LENGTH KEY=VALUE\n` of an extended header, LENGTH counting all of the record; of one key the last.
 * Values are bytes: extended attributes are not text. Undefined where a record is malformed.
 */
export function parsePax(content: Buffer): ReadonlyMap<string, Uint8Array> | undefined {
  const records = new Map<string, Uint8Array>()
  let at = 0
  while (at < content.length) {
    const blank = content.subarray(at, at + MAX_LENGTH_DIGITS + 1).indexOf(BLANK)
    const digits = blank < 0 ? '' : content.toString('latin1', at, at + blank)
    if (!/^[1-9]\d*$/.test(digits)) return undefined
    const record = content.subarray(at + blank + 1, at + Number(digits))
    const equals = record.indexOf(EQUALS)
    if (at + Number(digits) > content.length || equals <= 0 || record.at(-1) !== LINE_END) return undefined
    records.set(record.toString('utf8', 0, equals), record.subarray(equals + 1, -1))
    at += Number(digits)
  }
  return records
}
