// The account of an image: every byte of its config and of what its layers decode to.
import type { ByteSource } from '#harness/bytes/source.ts'
import type { TarEntry } from '#harness/fs/tar-entry.ts'
import type { OciImage } from '#harness/oci/image/image.ts'
import { SYSTEMD_BOOT_PATH, UKI_PATH } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { declared, derived, free, leaf, leafWith, pinned, type Branch, type Leaf, type Span } from './span.ts'
import { accountOfUki } from './uki.ts'

const BLOCK = 512
const MTIME = { offset: 136, size: 12 }
const CHECKSUM = { offset: 148, size: 8 }
const TAR = derived('tar as archive/tar of Go writes it', 'OCI-006')

/** Accounts in the order manifest, config, layers. Errors as of reading the part. */
export async function accountOf(part: TalosPart): Promise<readonly Span[]> {
  const image = await part.image()
  const documents = await image.documents()
  return [
    ...documents.map(({ kind, bytes }) =>
      leaf(kind, 0, bytes.length, declared('the reference, by its digest', 'OCI-030')),
    ),
    await accountOfConfig(image),
    ...(await Promise.all(image.layers.map((_layer, index) => accountOfLayer(part, image, index)))),
  ]
}

async function accountOfConfig(image: OciImage): Promise<Branch> {
  const bytes = Buffer.from(await image.rawConfig())
  const text = bytes.toString('latin1')
  const parts: Leaf[] = []
  for (const match of text.matchAll(/"created":"([^"]*)"/g))
    parts.push(leaf('time', match.index + 11, match[1]?.length ?? 0, free('no node acts on a time')))
  for (const match of text.matchAll(/"sha256:[0-9a-f]{64}"/g))
    parts.push(leaf('diff_id', match.index, match[0].length, derived('sha256 of the layer’s tar', 'OCI-004')))
  const labels = /"Labels":\{[^}]*\}/.exec(text)
  if (labels !== null)
    parts.push(leaf('labels', labels.index, labels[0].length, declared('labels of the contract', 'OCI-009')))
  const inOrder = parts.toSorted((a, b) => a.offset - b.offset)
  const rest = pinned('lock.installerBase.config', 'INS-011')
  return { name: 'config', offset: 0, size: bytes.length, parts: leafWith('config', 0, bytes.length, rest, inOrder) }
}

async function accountOfLayer(part: TalosPart, image: OciImage, index: number): Promise<Branch> {
  const layer = image.layers[index]
  if (layer === undefined) throw new Error(`expected a layer ${index}`)
  const { descriptor } = layer
  const { entries, tar } = await layer.read()
  const holdsUki = entries.some(({ path }) => path === UKI_PATH)
  const parts = holdsUki
    ? await accountOfTar(part, entries, tar.size)
    : [
        index === 0
          ? leaf('tar', 0, tar.size, pinned('lock.installerBase.layers', 'INS-010'))
          : leaf('tar', 0, tar.size, pinned('lock.overlays', 'INS-014')),
      ]
  return {
    name: `layer ${index}`,
    offset: 0,
    size: descriptor.size,
    decoded: { from: 'compressed layer', size: tar.size },
    parts,
  }
}

async function accountOfTar(part: TalosPart, entries: readonly TarEntry[], tarSize: number): Promise<readonly Span[]> {
  const spans: Span[] = []
  for (const [at, entry] of entries.entries()) {
    const start = offsetOf(entry)
    const next = entries[at + 1]
    const stored = Math.ceil(entry.size / BLOCK) * BLOCK
    // Blocks of zeros, which end the archive, follow the last file.
    const dataAt = next === undefined ? start + BLOCK : offsetOf(next) - stored
    const name = entry.path
    const header = dataAt - BLOCK
    spans.push(
      ...leafWith(`${name} header`, start, dataAt - start, TAR, [
        leaf(`${name} time`, header + MTIME.offset, MTIME.size, free('no node acts on a time')),
        leaf(`${name} checksum`, header + CHECKSUM.offset, CHECKSUM.size, derived('sum of the header', 'OCI-006')),
      ]),
    )
    if (entry.data !== undefined && entry.size > 0) spans.push(await accountOfFile(part, name, dataAt, entry.data))
    if (stored > entry.size) spans.push(leaf(`${name} padding`, dataAt + entry.size, stored - entry.size, TAR))
  }
  const end = spans.reduce((most, { offset, size }) => Math.max(most, offset + size), 0)
  if (tarSize > end) spans.push(leaf('end of the archive', end, tarSize - end, TAR))
  return spans
}

function offsetOf({ origin }: TarEntry): number {
  return origin.offset ?? 0
}

async function accountOfFile(part: TalosPart, path: string, offset: number, data: ByteSource): Promise<Span> {
  if (path === SYSTEMD_BOOT_PATH) return leaf(path, offset, data.size, pinned('lock.systemdBoot', 'INS-004'))
  if (path === UKI_PATH) return accountOfUki(part, path, offset)
  return leaf(path, offset, data.size, declared('no file that anybody knows', 'INS-001'))
}
