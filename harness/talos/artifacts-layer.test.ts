import { describe, expect, it } from 'vitest'
import { digestOf } from '../bytes/digest.ts'
import { bytesSource, makeSource } from '../bytes/source.ts'
import { readTarIndex } from '../fs/tar-index.ts'
import { tarEntry, tarOf, type SampleEntry } from '../testing/oci-samples.ts'
import { artifactsDiffId, type ArtifactFile } from './artifacts-layer.ts'

const LOADER = Buffer.alloc(600, 'loader')
const KERNEL = Buffer.alloc(3 << 20, 'kernel')

/** A file as Go's archive/tar writes it: with device numbers. */
const written = (name: string, content: Uint8Array, rest: Partial<SampleEntry> = {}): SampleEntry => ({
  name,
  content,
  mode: 0,
  mtime: 7,
  patch: (block) => void block.write('0000000\x000000000\0', 329, 'latin1'),
  ...rest,
})
const FILES = [written('a/boot.efi', LOADER), written('a/vmlinuz.efi', KERNEL)]
const TAR = tarOf(FILES)

/** The diff_id that a layer with this tar must have, and how many of its bytes were read to say so. */
async function measure(bytes: Uint8Array, change = (file: ArtifactFile): ArtifactFile => file) {
  let read = 0
  const source = makeSource(
    async (offset, length) => {
      read += length
      return bytes.subarray(offset, offset + length)
    },
    0,
    bytes.length,
    {},
  )
  const { entries } = await readTarIndex(source)
  const files = entries.flatMap(({ path, mtime, data }) => (data === undefined ? [] : [{ path, time: mtime, data }]))
  read = 0
  const diffId = await artifactsDiffId(files.map(change), { diffId: digestOf(bytes), tar: source, entries })
  return { diffId, read }
}

describe('artifactsDiffId', () => {
  it('is that of the layer where its tar is the one that imager writes; no content is read', async () => {
    const { diffId, read } = await measure(TAR)
    expect(diffId).toBe(digestOf(TAR))
    expect(read).toBeLessThan(4096)
  })

  const padded = Buffer.from(TAR)
  padded[512 + LOADER.length] = 1
  it.each([
    ['more behind its end', Buffer.concat([TAR, Buffer.alloc(512)])],
    ['no end', TAR.subarray(0, -1024)],
    ['half an end', TAR.subarray(0, -512)],
    ['other bytes behind a content', padded],
    ['another order', tarOf(FILES.toReversed())],
    ['another mode', tarOf([written('a/boot.efi', LOADER, { mode: 0o644 }), ...FILES.slice(1)])],
    ['a header before a file', Buffer.concat([tarEntry({ name: 'x', type: 'L', content: 'a/boot.efi\0' }), TAR])],
  ])('is that of the right tar where the layer has %s', async (_, tar) => {
    const { diffId } = await measure(tar)
    expect(diffId).toBe(digestOf(TAR))
    expect(diffId).not.toBe(digestOf(tar))
  })

  it('is that of the files where the layer has others', async () => {
    const other = Buffer.alloc(KERNEL.length, 'other')
    const change = (file: ArtifactFile) =>
      file.data.size === other.length ? { ...file, data: bytesSource(other) } : file
    expect((await measure(TAR, change)).diffId).toBe(
      digestOf(tarOf([written('a/boot.efi', LOADER), written('a/vmlinuz.efi', other)])),
    )
  })
})
