// Writes a gzip member that stores its content as it is: what goes into our layers is compressed already, and stored
// blocks are the same bytes whatever zlib and processor they are made with. RFC 1952, RFC 1951 §3.2.4.
import { crc32 } from 'node:zlib'

const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]) // deflate, no time, no name, no system
/** LEN has 16 bits. */
const MAX_STORED = 0xffff
const BLOCK_HEADER_SIZE = 5
const FINAL = 1

/** One member, cut into blocks at the same places however `chunks` are cut. */
export async function* gzipStored(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield HEADER
  let checksum = 0
  let size = 0
  let left: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    checksum = crc32(chunk, checksum)
    size += chunk.length
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk])
    const whole = bytes.length - (bytes.length % MAX_STORED)
    if (whole > 0) yield storeBlocks(bytes.subarray(0, whole))
    left = Uint8Array.from(bytes.subarray(whole))
  }
  if (left.length > 0) yield storeBlocks(left)
  yield blockHeader(0, FINAL)
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0) // CRC32
  trailer.writeUInt32LE(size % 2 ** 32, 4) // ISIZE
  yield trailer
}

function storeBlocks(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += MAX_STORED) {
    const block = bytes.subarray(at, at + MAX_STORED)
    parts.push(blockHeader(block.length, 0), block)
  }
  return Buffer.concat(parts)
}

/** BFINAL, BTYPE 00, padding to the byte; LEN; NLEN. */
function blockHeader(size: number, final: number): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_SIZE)
  header.writeUInt8(final, 0)
  header.writeUInt16LE(size, 1)
  header.writeUInt16LE(~size & 0xffff, 3)
  return header
}
