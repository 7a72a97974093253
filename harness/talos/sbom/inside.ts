// What a bill of materials says of a Talos image, read from the image alone: kernel, initramfs, extensions by their
// bytes, and the SPDX documents that Talos and its extensions ship (siderolabs/talos pkg/machinery/constants, SPDXPath
// and ExtensionSPDXPath).
import { sha256Hex } from '../../bytes/digest.ts'
import { readAll } from '../../bytes/source.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import { kernelReleaseOf } from '../../formats/kernel/kernel-config.ts'
import { parseOsRelease } from '../../formats/uki/os-release.ts'
import { MODULES_DEP } from '../extensions.ts'
import type { TalosPart } from '../part.ts'
import { SbomReader, type SbomDocument } from './document.ts'

const TALOS_FOLDER = 'usr/share/spdx'
const OS_RELEASE = 'etc/os-release'
const MAX_OS_RELEASE = 64 << 10
const EXTENSION_FOLDER = 'usr/local/share/spdx'

export type SbomContents = {
  readonly talos: string | undefined
  /** `release` of the kernel is `6.12.57-talos`; digests are of the files as they are in the image, 64 hex digits. */
  readonly kernel: { readonly release: string | undefined; readonly sha256: string }
  /** The first archive of the initramfs, without extensions; absent where there is none. */
  readonly initramfs: { readonly sha256: string } | undefined
  /** Of the root filesystem. */
  readonly documents: readonly SbomDocument[]
  /** In the order of extensions.yaml; the module index is none. */
  readonly extensions: readonly SbomExtension[]
}

export type SbomExtension = {
  readonly name: string
  readonly version: string
  readonly author: string
  readonly sha256: string
  readonly documents: readonly SbomDocument[]
}

/** Errors of the readers of kernel, initramfs, extensions and documents; the documents are bounded all together. */
export async function readSbomContents(part: TalosPart): Promise<SbomContents> {
  const kernel = await part.kernel()
  const { base } = await part.initramfs()
  const rootfs = await (await part.rootfs()).tree()
  const banner = await kernel.banner()
  const layers = (await (await part.extensions()).layers()).filter(({ metadata }) => metadata.name !== MODULES_DEP)
  const reader = new SbomReader()
  const documents = await documentsIn(rootfs, TALOS_FOLDER, reader)
  const extensions: SbomExtension[] = []
  for (const { metadata, image } of layers) {
    if (image === undefined) continue
    const { name, version, author } = metadata
    const own = await documentsIn(await (await image.squashfs()).tree(), EXTENSION_FOLDER, reader)
    extensions.push({ name, version, author, sha256: await sha256Hex(image.data), documents: own })
  }
  return {
    talos: (await part.claimedTalos()) ?? (await releaseIn(rootfs)),
    kernel: { release: banner && kernelReleaseOf(banner), sha256: await sha256Hex(kernel.source) },
    initramfs: base && { sha256: await sha256Hex(base.data) },
    documents,
    extensions,
  }
}

/** `v1.11.5` of VERSION_ID; undefined where the root filesystem says none. */
async function releaseIn(tree: FileTree): Promise<string | undefined> {
  const file = tree.resolve(OS_RELEASE)?.data
  if (file === undefined) return undefined
  const text = new TextDecoder().decode(await readAll(file, MAX_OS_RELEASE))
  return parseOsRelease(text, file.where).get('VERSION_ID')
}

/** In the order of their names. */
async function documentsIn(tree: FileTree, folder: string, reader: SbomReader): Promise<readonly SbomDocument[]> {
  const found: SbomDocument[] = []
  for (const { path, data } of tree.children(folder).toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    if (data !== undefined && path.endsWith('.spdx.json')) found.push(await reader.read(data))
  return found
}
