// Writes xz whose blocks are stored, not compressed: https://tukaani.org/xz/xz-file-format.txt §2–4, LZMA2's chunks of type 1 and 2.
import { crc32 } from 'node:zlib'

const HEADER_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
const FOOTER_MAGIC = Buffer.from('YZ')
const CRC32_CHECK = Buffer.from([0, 1])
/** 12 bytes with its checksum, one filter: LZMA2 with one byte of properties, a dictionary of 8 MiB. */
const BLOCK_HEADER = Buffer.from([2, 0, 0x21, 1, 22, 0, 0, 0])
const MAX_CHUNK = 1 << 16

/** One stream with a block for each of `contents`. */
export function xzSample(...contents: readonly Uint8Array[]): Buffer {
  const blocks = contents.map(block)
  const records = blocks.map(({ unpadded, size }) => Buffer.concat([number(unpadded), number(size)]))
  const index = withCrc(padded(Buffer.concat([Buffer.from([0]), number(blocks.length), ...records])))
  const backward = Buffer.concat([u32(index.length / 4 - 1), CRC32_CHECK])
  return Buffer.concat([
    HEADER_MAGIC,
    withCrc(CRC32_CHECK),
    ...blocks.map(({ bytes }) => bytes),
    index,
    u32(crc32(backward)),
    backward,
    FOOTER_MAGIC,
  ])
}

function block(content: Uint8Array) {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < content.length; at += MAX_CHUNK) {
    const data = content.subarray(at, at + MAX_CHUNK)
    const last = data.length - 1
    chunks.push(Buffer.from([at === 0 ? 1 : 2, last >> 8, last & 0xff]), data)
  }
  const compressed = Buffer.concat([...chunks, Buffer.from([0])])
  const header = withCrc(BLOCK_HEADER)
  const bytes = Buffer.concat([header, padded(compressed), u32(crc32(content))])
  return { bytes, unpadded: header.length + compressed.length + 4, size: content.length }
}

/** Seven bits a byte, the lowest first. */
function number(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 0x80)
  }
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}

function withCrc(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, u32(crc32(bytes))])
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(value)
  return out
}
