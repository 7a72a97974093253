// Small tars, image layouts and docker archives for tests, written byte by byte: no reader takes part in making them.
import { gzipSync } from 'node:zlib'
import { digestOf, encodedPart, type Digest } from '../bytes/digest.ts'
import { bytesSource } from '../bytes/source.ts'
import { descriptorSchema } from '../oci/image/schemas.ts'
import { notStored, type ContentStore } from '../oci/store.ts'

export type SampleEntry = {
  readonly name: string
  /** The type flag: '0' file (default), '1' hard link, '2' symbolic link, '5' folder, 'x' PAX header, … */
  readonly type?: string
  readonly content?: string | Uint8Array
  readonly target?: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  /** PAX records of this entry. */
  readonly pax?: Readonly<Record<string, string | Uint8Array>>
  /** Overwrites bytes of the header block before its checksum is written. */
  readonly patch?: (block: Buffer) => void
}

const BLOCK = 512

/** A header block and its content, padded. */
export function tarEntry(entry: SampleEntry): Buffer {
  const { name, type = '0', target = '', mode = 0o644, uid = 0, gid = 0, mtime = 0, pax, patch } = entry
  const content = Buffer.from(entry.content ?? '')
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100, 'latin1')
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  block.write(`${uid.toString(8).padStart(7, '0')}\0`, 108)
  block.write(`${gid.toString(8).padStart(7, '0')}\0`, 116)
  block.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  writeTime(block, mtime)
  block.write(type, 156, 'latin1')
  block.write(target, 157, 100, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  patch?.(block)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)
  const extended = pax === undefined ? [] : [tarEntry({ name: 'PaxHeaders/x', type: 'x', content: paxRecords(pax) })]
  return Buffer.concat([...extended, block, content, padding])
}

/** Octal where it fits, else GNU's base 256. */
function writeTime(block: Buffer, mtime: number): void {
  if (mtime >= 0 && mtime < 8 ** 11) block.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136)
  else {
    block.fill(mtime < 0 ? 0xff : 0, 136, 140)
    block[136] = mtime < 0 ? 0xff : 0x80
    block.writeBigInt64BE(BigInt(mtime), 140)
  }
}

export function paxRecords(records: Readonly<Record<string, string | Uint8Array>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
      let length = rest.length + 1
      while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
      return Buffer.concat([Buffer.from(`${length}`), rest])
    }),
  )
}

/** A whole archive with its end blocks. */
export function tarOf(entries: readonly SampleEntry[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(2 * BLOCK)])
}

export type SampleImage = {
  readonly layers: readonly Uint8Array[]
  readonly config: Buffer
  readonly manifest: Buffer
  /** Every blob by digest, the manifest too. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>
}

/** A linux/arm64 image whose layers are the gzipped `tars`; `config` replaces parts of its config. */
export function imageOf(tars: readonly Uint8Array[], config: object = {}): SampleImage {
  const layers = tars.map((tar) => gzipSync(tar))
  const configBytes = json({
    architecture: 'arm64',
    os: 'linux',
    config: { Env: ['PATH=/bin', 'VERSION=v1.11.5'], Labels: { 'alpha.talos.dev/version': 'v1.11.5' } },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    ...config,
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf(configBytes, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')),
  })
  const blobs = new Map([configBytes, manifest, ...layers].map((bytes) => [digestOf(bytes), bytes]))
  return { layers, config: configBytes, manifest, blobs }
}

export type SampleDescriptor = { readonly mediaType: string; readonly digest: Digest; readonly size: number }

export function descriptorOf(bytes: Uint8Array, mediaType: string): SampleDescriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

/** The manifest's entry in an index, with whatever else it says. */
export function manifestDescriptor(image: SampleImage, rest: object = {}): object {
  return { ...descriptorOf(image.manifest, 'application/vnd.oci.image.manifest.v1+json'), ...rest }
}

/** An index over descriptors. */
export function indexOf(manifests: readonly object[]): Buffer {
  return json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests })
}

/** The files of an image layout: `oci-layout`, `index.json`, `blobs/…`. */
export function layoutFiles(
  index: Uint8Array,
  blobs: Iterable<readonly [Digest, Uint8Array]>,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', index],
  ])
  for (const [digest, bytes] of blobs) files.set(`blobs/sha256/${encodedPart(digest)}`, bytes)
  return files
}

/**
 * An archive as upstream's imager writes it: config as `sha256:<hex>`, layers as `<hex>.tar.gz`, manifest.json last.
 */
export function dockerFiles(
  image: SampleImage,
  tags: readonly string[] = ['example.com/x:v1'],
): Map<string, Uint8Array> {
  const config = digestOf(image.config)
  const layers = image.layers.map((layer) => [`${encodedPart(digestOf(layer))}.tar.gz`, layer] as const)
  const manifest = [{ Config: config, RepoTags: tags, Layers: layers.map(([name]) => name) }]
  return new Map<string, Uint8Array>([[config, image.config], ...layers, ['manifest.json', json(manifest)]])
}

/** A tar of regular files. */
export function tarOfFiles(files: ReadonlyMap<string, Uint8Array>): Buffer {
  return tarOf([...files].map(([name, content]) => ({ name, content })))
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** A store in memory, named `memory`. Counts in `opened` how often each blob is opened. */
export function memoryStore(
  root: object,
  blobs: ReadonlyMap<Digest, Uint8Array>,
  opened = new Map<Digest, number>(),
): ContentStore {
  return {
    name: 'memory',
    resolve: () => Promise.resolve(descriptorSchema.parse(root)),
    open(descriptor) {
      const { digest } = descriptor
      const bytes = blobs.get(digest)
      opened.set(digest, (opened.get(digest) ?? 0) + 1)
      if (bytes === undefined) return Promise.reject(notStored(descriptor, { path: 'memory' }))
      return Promise.resolve(bytesSource(bytes, { path: `memory!${digest}` }))
    },
    close: () => Promise.resolve(),
  }
}
