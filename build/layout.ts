// Writes an OCI image layout into a folder of its own, which becomes the final one when it is whole:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodedPart, makeDigest, type Digest } from '#harness/bytes/digest.ts'
import { OCI_INDEX } from '#harness/oci/image/media-types.ts'
import { REF_NAME } from '#harness/oci/disk/layout.ts'
import { BuildError } from './build-error.ts'

export type BlobDescriptor = { readonly mediaType: string; readonly digest: Digest; readonly size: number }
/** An image of the layout, under the name by which it is found. */
type NamedImage = { readonly tag: string; readonly manifest: BlobDescriptor }

export type LayoutWriter = {
  readonly folder: string
  /** Streams a blob to its place; one that is there already is not kept twice. */
  addBlob(mediaType: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<BlobDescriptor>
  addJson(mediaType: string, value: unknown): Promise<BlobDescriptor>
  /** Writes `index.json`, without which the folder is no layout. */
  finish(images: readonly NamedImage[], architecture: string): Promise<void>
}

const LAYOUT_FILE = 'oci-layout'

/** `folder` must not exist. */
export async function createLayout(folder: string, signal?: AbortSignal): Promise<LayoutWriter> {
  const blobs = join(folder, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  let count = 0
  const addBlob: LayoutWriter['addBlob'] = async (mediaType, chunks) => {
    const partial = join(blobs, `partial-${++count}`)
    const hash = createHash('sha256')
    let size = 0
    await writeChunks(partial, tap(chunks), signal)
    async function* tap(source: typeof chunks): AsyncGenerator<Uint8Array, void, void> {
      for await (const chunk of source) {
        hash.update(chunk)
        size += chunk.length
        yield chunk
      }
    }
    const digest = makeDigest('sha256', hash.digest('hex'))
    await rename(partial, join(blobs, encodedPart(digest)))
    return { mediaType, digest, size }
  }
  return {
    folder,
    addBlob,
    addJson: (mediaType, value) => addBlob(mediaType, [Buffer.from(JSON.stringify(value))]),
    async finish(images, architecture) {
      const manifests = images.map(({ tag, manifest }) => ({
        ...manifest,
        platform: { architecture, os: 'linux' },
        annotations: { [REF_NAME]: tag },
      }))
      await writeFile(join(folder, LAYOUT_FILE), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
      await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
    },
  }
}

/** Writes a new file chunk by chunk; stops between chunks when `signal` says so. */
export async function writeChunks(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      await file.writeFile(chunk)
    }
  } finally {
    await file.close()
  }
}

/** BuildError OUTPUT where there is something that no build has put there, and would be lost. */
export async function assertReplaceable(final: string): Promise<void> {
  const stats = await stat(final).catch(() => undefined)
  if (stats === undefined) return
  const isLayout = await stat(join(final, LAYOUT_FILE)).then(
    () => true,
    () => false,
  )
  if (!isLayout)
    throw new BuildError('OUTPUT', `${final} is there and is no image layout: move it away, or choose another --output`)
}

/** Moves a finished folder to its final name; what was there before stays until then, and is removed after. */
export async function moveIntoPlace(folder: string, final: string): Promise<void> {
  await assertReplaceable(final)
  const old = `${folder}.old`
  const replaced = await rename(final, old).then(
    () => true,
    () => false,
  )
  await rename(folder, final)
  if (replaced) await rm(old, { recursive: true, force: true })
}
