// Files of an image that have something inside: UKI, kernel, initramfs, squashfs; opened by their names, as Talos' own tools do.
import { posix } from 'node:path'
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { FormatError } from '#harness/errors.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { kernelReleaseOf } from '#harness/formats/kernel/kernel-config.ts'
import { MAX_TEXT_SIZE, readUki } from '#harness/formats/uki/uki.ts'
import { lazy } from '#harness/lazy.ts'
import { readInitramfs, type InitramfsSegment } from '#harness/talos/boot/initramfs.ts'
import { EXTENSIONS_YAML } from '#harness/talos/extensions.ts'
import { parseExtensionsYaml, type ExtensionMetadata } from '#harness/talos/extension/extension.ts'
import { openKernel } from '#harness/talos/kernel.ts'
import { filesOf, type OpenFile } from './files.ts'
import { listOf, unreadable, type Facts, type Inside, type Node } from './node.ts'
import { openSquash } from './squashfs.ts'

const KERNEL = /^(vmlinuz|kernel)(-(arm64|amd64))?$/
const INITRAMFS = /^(initramfs|initrd)[^/]*$/
const SQUASHFS = /\.(sqsh|sqfs|squashfs)$/
/** systemd-stub.efi, systemd-boot.efi and UKIs. */
const EFI = /\.efi$/i
/** Genuine lists have some KiB; a schematic can carry a configuration. */
const MAX_YAML_BYTES = 4 << 20
/** Sections whose text is a fact. */
const TEXTS: ReadonlySet<string> = new Set(['.cmdline', '.uname', '.osrel', '.profile'])

/** True for the path of a file that `containers` opens. */
export function isContainer(path: string): boolean {
  const name = posix.basename(path)
  return [KERNEL, INITRAMFS, SQUASHFS, EFI].some((pattern) => pattern.test(name))
}

/** Nothing is read before a node is opened. */
export function containers(spool: Spool): OpenFile {
  const openFile: OpenFile = (path, { data }) => {
    const name = posix.basename(path)
    if (data === undefined) return undefined
    if (EFI.test(name)) return efiNode(path, data, spool, openFile)
    if (KERNEL.test(name)) return kernelNode(path, data, spool)
    if (INITRAMFS.test(name)) return initramfsNode(path, data, spool, openFile)
    return SQUASHFS.test(name) ? squashfsNode(path, data, openFile) : undefined
  }
  return openFile
}

function container(name: string, kind: string, data: ByteSource, open: () => Promise<Inside>): Node {
  return { name, kind, size: data.size, facts: {}, data, open: lazy(open), shown: true }
}

function squashfsNode(name: string, data: ByteSource, openFile: OpenFile, extension?: ExtensionMetadata): Node {
  const facts: Facts = extension === undefined ? {} : { extension: extension.name, version: extension.version }
  return { ...container(name, 'squashfs', data, () => openSquash(data, openFile)), facts }
}

export function efiNode(name: string, data: ByteSource, spool: Spool, openFile: OpenFile): Node {
  return container(name, 'EFI program', data, async () => {
    const { pe, appended, stubSections } = await readUki(data)
    const magic = stubSections.find((section) => section.name === '.sdmagic')
    const text = magic === undefined ? '' : Buffer.from(await readAll(magic.data(), MAX_TEXT_SIZE)).toString('latin1')
    const [, program, version] = /LoaderInfo: (systemd-\w+) (\d[\w.~]*)/.exec(text) ?? []
    const parts = await Promise.all(appended.map((section) => sectionNode(section, spool, openFile)))
    const facts = {
      machine: pe.machine === 0xaa64 ? 'arm64' : pe.machine === 0x8664 ? 'amd64' : `0x${pe.machine.toString(16)}`,
      ...(program !== undefined && version !== undefined && { [program]: version }),
    }
    return listOf(parts, facts)
  })
}

type Section = Awaited<ReturnType<typeof readUki>>['appended'][number]

async function sectionNode(section: Section, spool: Spool, openFile: OpenFile): Promise<Node> {
  const { name } = section
  const node = { name, kind: 'section', size: section.virtualSize }
  try {
    const data = section.data()
    if (name === '.linux') return kernelNode(name, data, spool)
    if (name === '.initrd') return initramfsNode(name, data, spool, openFile)
    const text = TEXTS.has(name) ? Buffer.from(await readAll(data, MAX_TEXT_SIZE)).toString() : undefined
    return { ...node, facts: text === undefined ? {} : { text: text.trim().replaceAll('\n', '; ') }, data }
  } catch (error) {
    return { ...node, facts: unreadable(error) }
  }
}

function kernelNode(name: string, data: ByteSource, spool: Spool): Node {
  return container(name, 'kernel', data, async () => {
    const kernel = openKernel(data, spool)
    try {
      const { compression } = await kernel.zboot()
      const [payload, banner, config] = [await kernel.payload(), await kernel.banner(), await kernel.config()]
      const image: Node = { name: 'Image', kind: 'kernel image', size: payload.size, facts: {}, data: payload }
      return listOf([image], {
        ...(banner !== undefined && { release: kernelReleaseOf(banner) }),
        compression,
        ...(config !== undefined && { options: config.size }),
      })
    } catch (error) {
      // Another machine's, or one that is not packed: it is shown as a file.
      if (error instanceof FormatError && error.code === 'BAD_MAGIC') return listOf([], { form: error.message })
      throw error
    }
  })
}

function initramfsNode(name: string, data: ByteSource, spool: Spool, openFile: OpenFile): Node {
  return container(name, 'initramfs', data, async () => {
    const { segments, trailing } = await readInitramfs(data, spool)
    const facts = trailing === undefined ? {} : { trailing: `${trailing.size} bytes that the kernel does not take` }
    return listOf(
      segments.map((segment) => segmentNode(segment, openFile)),
      facts,
    )
  })
}

function segmentNode(segment: InitramfsSegment, openFile: OpenFile): Node {
  const { index, compression, data } = segment
  return container(`segment ${index}`, 'segment', data, async () => {
    const { tree, archiveSize } = await segment.archive()
    const { layers, facts } = await listed(tree)
    const open: OpenFile = (path, entry) =>
      entry.data !== undefined && layers.has(path) && SQUASHFS.test(path)
        ? squashfsNode(path, entry.data, openFile, layers.get(path))
        : openFile(path, entry)
    const files = await filesOf(tree, open)
    return {
      ...files,
      facts: { compression, unpacked: archiveSize, ...facts },
      // An extension is found by its name, too.
      find: (path) => files.find(path) ?? files.find(nameOfImage(layers, path)),
    }
  })
}

function nameOfImage(layers: ReadonlyMap<string, ExtensionMetadata>, extension: string): string {
  return [...layers].find(([, { name }]) => name === extension)?.[0] ?? extension
}

type Listed = { readonly layers: ReadonlyMap<string, ExtensionMetadata>; readonly facts: Facts }

/** The extensions that extensions.yaml lists, by the file of each. */
async function listed(tree: FileTree): Promise<Listed> {
  const data = tree.get(EXTENSIONS_YAML)?.data
  if (data === undefined) return { layers: new Map(), facts: {} }
  try {
    const { layers } = parseExtensionsYaml(await readAll(data, MAX_YAML_BYTES), data.where)
    const missing = layers
      .filter(({ image }) => !tree.has(image))
      .map(({ image, metadata }) => `${metadata.name} (${image})`)
    return {
      layers: new Map(layers.map(({ image, metadata }) => [image, metadata])),
      facts: { extensions: layers.length, ...(missing.length > 0 && { missing }) },
    }
  } catch (error) {
    return { layers: new Map(), facts: unreadable(error) }
  }
}
