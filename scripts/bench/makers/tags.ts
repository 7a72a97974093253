// Makes images of the same files in differing layers, in a process of its own: `tags.ts LAYOUT FOLDER TAG FIRST COUNT`. The times in the
// tar of the last layer are another for each, which harms nothing; all bytes of the layer are others to a registry.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { gzipStored } from '#build/formats/gzip-stored.ts'
import { createLayout } from '#build/layout.ts'
import { digestOf } from '#harness/bytes/digest.ts'

const BLOCK = 512
/** Of a header of ustar: size (12 octal digits), time and checksum. */
const SIZE = 124
const MTIME = 136
const CHECKSUM = 148

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number }

/** `tar` with `seconds` as the time of each entry, in place. */
function setTimes(tar: Buffer, seconds: number): Buffer {
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    tar.write(`${octal(seconds, 11)}\0`, at + MTIME, 'latin1')
    tar.write(' '.repeat(8), at + CHECKSUM, 'latin1')
    const sum = tar.subarray(at, at + BLOCK).reduce((all, byte) => all + byte, 0)
    tar.write(`${octal(sum, 6)}\0 `, at + CHECKSUM, 'latin1')
    const size = Number.parseInt(tar.toString('latin1', at + SIZE, at + MTIME - 1), 8)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return tar
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function make(layout: string, folder: string, tag: string, first: number, count: number): Promise<void> {
  const blob = (digest: string): Promise<Buffer> => readFile(join(layout, 'blobs', digest.replace(':', '/')))
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))
  const named = index.manifests.find(
    ({ annotations }: { readonly annotations: Readonly<Record<string, string>> }) =>
      annotations['org.opencontainers.image.ref.name'] === tag,
  )
  const manifest = JSON.parse(String(await blob(named.digest)))
  const config = JSON.parse(String(await blob(manifest.config.digest)))
  const lower: readonly Descriptor[] = manifest.layers.slice(0, -1)
  const tar = gunzipSync(await blob(manifest.layers.at(-1).digest))
  await mkdir(folder, { recursive: true })
  for (let number = first; number < first + count; number++) {
    const writer = await createLayout(join(folder, String(number)))
    for (const { mediaType, digest } of lower) await writer.addBlob(mediaType, [await blob(digest)])
    const own = await writer.addBlob(manifest.layers.at(-1).mediaType, gzipStored(one(setTimes(tar, number))))
    const diffIds = [...config.rootfs.diff_ids.slice(0, -1), digestOf(tar)]
    const ownConfig = { ...config, rootfs: { ...config.rootfs, diff_ids: diffIds } }
    const configured = await writer.addJson(manifest.config.mediaType, ownConfig)
    const written = { ...manifest, config: configured, layers: [...lower, own] }
    await writer.finish([{ tag, manifest: await writer.addJson(manifest.mediaType, written) }], config.architecture)
  }
}

const [layout, folder, tag, first, count] = process.argv.slice(2)
if (layout !== undefined && folder !== undefined && tag !== undefined)
  await make(layout, folder, tag, Number(first), Number(count))
