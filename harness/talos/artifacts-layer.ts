// The layer that imager puts on installer-base, as the bytes of its tar: siderolabs/talos pkg/imager/filemap/filemap.go
// over Go's archive/tar (v1.11.0 … v1.14.0-rc.1). Files by path, of root and of mode 0, no folders.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
import { createHash } from 'node:crypto'
import { makeDigest, type Digest } from '../bytes/digest.ts'
import { chunkMemory, type ByteSource } from '../bytes/source.ts'
import type { LayerContent } from '../oci/image/layer.ts'

/** `time` in seconds since 1970: imager writes 0, and another value does no harm. */
export type ArtifactFile = { readonly path: string; readonly time: number; readonly data: ByteSource }

type Layer = Pick<LayerContent, 'diffId' | 'tar' | 'entries'>

const BLOCK = 512
const END = Buffer.alloc(2 * BLOCK)
const CHECKSUM = { offset: 148, size: 8 }
/** Offset and text of the fields of a header that are the same for every file. */
const CONSTANT: readonly (readonly [offset: number, text: string])[] = [
  [100, '0000000\0'], // mode
  [108, '0000000\0'], // owner
  [116, '0000000\0'], // group
  [156, '0'], // a file
  [257, 'ustar\x0000'],
  [329, '0000000\0'], // device numbers
  [337, '0000000\0'],
]

/**
 * sha256 of the tar of these files, in the order of their paths: what the layer's diff_id must be. That of `layer`, which is
 * hashed already, where its tar is this one byte for byte.
 */
export async function artifactsDiffId(files: readonly ArtifactFile[], layer?: Layer): Promise<Digest> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return layer !== undefined && (await isTarOf(layer, sorted)) ? layer.diffId : hashTar(sorted)
}

/** Compares all but the contents, which are at their places or are not. */
async function isTarOf({ tar, entries }: Layer, files: readonly ArtifactFile[]): Promise<boolean> {
  let at = 0
  const holds = async (bytes: Uint8Array): Promise<boolean> => {
    const isThere = at + bytes.length <= tar.size && Buffer.compare(await tar.read(at, bytes.length), bytes) === 0
    at += bytes.length
    return isThere
  }
  for (const { path, time, data } of files) {
    const entry = entries.find((one) => one.data === data)
    if (entry?.origin.offset !== at || !(await holds(header(path, data.size, time)))) return false
    at += data.size
    if (!(await holds(padding(data.size)))) return false
  }
  return (await holds(END)) && at === tar.size
}

async function hashTar(files: readonly ArtifactFile[]): Promise<Digest> {
  const hash = createHash('sha256')
  for (const { path, time, data } of files) {
    hash.update(header(path, data.size, time))
    for await (const chunk of data.stream(0, data.size, chunkMemory(data))) hash.update(chunk)
    hash.update(padding(data.size))
  }
  return makeDigest('sha256', hash.update(END).digest('hex'))
}

/** NUL up to the next block. */
function padding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

/** Paths are short and sizes below 8 GiB: nothing here needs a PAX record. */
function header(path: string, size: number, time: number): Uint8Array {
  const block = Buffer.alloc(BLOCK)
  block.write(path, 0, 'latin1')
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  block.write(`${Math.max(0, Math.trunc(time)).toString(8).padStart(11, '0').slice(-11)}\0`, 136, 'latin1')
  for (const [offset, text] of CONSTANT) block.write(text, offset, 'latin1')
  block.fill(' ', CHECKSUM.offset, CHECKSUM.offset + CHECKSUM.size)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM.offset, 'latin1')
  return block
}
