// Opens imager's other outputs as parts: a bare UKI, a folder with kernel, initramfs and command line, a raw disk, an ISO.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileSource, readAll, type ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { FormatError, NotFoundError } from '../../errors.ts'
import type { FatVolume } from '../../formats/fat/fat.ts'
import { parseOsRelease } from '../../formats/uki/os-release.ts'
import { readUki, type Uki } from '../../formats/uki/uki.ts'
import { openDirectoryTree } from '../../fs/directory-tree.ts'
import { fileIn } from '../../fs/file-in.ts'
import { FileTree, type FileEntry } from '../../fs/file-tree.ts'
import { lazy } from '../../lazy.ts'
import type { MediumReference, Reference } from '../../oci/image/reference.ts'
import type { OpenOptions } from '../../oci/open.ts'
import { openAssets } from '../assets.ts'
import { openBootFiles } from '../boot/files.ts'
import { openUkiPart } from '../boot/uki-part.ts'
import type { TalosPart } from '../part.ts'
import { findBootFiles } from './boot-folder.ts'
import { readDisk } from './disk.ts'
import { unpackImage } from './image-file.ts'
import { readIsoImage } from './iso.ts'
import { ukisIn } from './medium.ts'

/** Linux' COMMAND_LINE_SIZE on arm64 is 2048. */
const MAX_COMMAND_LINE = 64 << 10

export type MediumOptions = Pick<OpenOptions, 'spool' | 'registry'>

/**
 * The part that `reference` names, which the caller closes. NotFoundError BLOB_UNKNOWN where there is no file; FormatError
 * MALFORMED for what is no regular file, or a folder without boot files.
 */
export async function openMedium(reference: Reference, options: MediumOptions): Promise<TalosPart> {
  const { spool } = options
  if (reference.kind === 'dir') return openFolder(reference.path, spool)
  if (reference.kind === 'uki') return openUkiFile(reference.path, spool)
  if (reference.kind === 'raw' || reference.kind === 'iso') return openImageFile(reference, options)
  throw new FormatError(reference.kind, 'UNSUPPORTED', 'expected a boot medium, got another reference')
}

async function openUkiFile(path: string, spool: Spool): Promise<TalosPart> {
  const file = await openFile(path)
  return {
    ...ukiMedium(
      file,
      lazy(() => readUki(file.source)),
      spool,
    ),
    files: () => Promise.resolve(new FileTree([fileEntry(file.source)], { path })),
    medium: () => absent('partitions', path),
  }
}

async function openImageFile(reference: MediumReference, options: MediumOptions): Promise<TalosPart> {
  const { kind, path, within } = reference
  const { spool } = options
  const file = within === undefined ? await openFile(path) : await openWithin(within, path, options)
  const source = lazy(() => unpackImage(file.source, spool))
  const isIso = kind === 'iso'
  const disk = lazy(async () => (isIso ? absent('raw disk', path) : readDisk(await source())))
  const iso = lazy(async () => (isIso ? readIsoImage(await source()) : absent('ISO', path)))
  const efi = async (): Promise<FatVolume> => (await (isIso ? iso() : disk())).efi()
  return {
    ...ukiMedium(
      file,
      lazy(async () => readUki(bootedUki(await efi()))),
      spool,
    ),
    files: async () => (await efi()).tree,
    medium: () => Promise.resolve({ source, disk, iso, efi }),
  }
}

/** The UKI of a volume; MED-005 judges whether there are others beside it. NotFoundError where there is none. */
function bootedUki({ tree, where }: FatVolume): ByteSource {
  const data = ukisIn(tree)[0]?.data
  if (data !== undefined) return data
  throw new NotFoundError('BLOB_UNKNOWN', 'expected a UKI in EFI/Linux, got none', { at: where })
}

function ukiMedium(file: OpenedFile, uki: () => Promise<Uki>, spool: Spool): Omit<TalosPart, 'files' | 'medium'> {
  const { path = '' } = file.source.where
  return {
    ...openUkiPart(uki, spool),
    image: () => absent('manifest', path),
    extraPaths: () => Promise.resolve([]),
    claimedTalos: lazy(async () => {
      const { text, where } = await uki()
      return parseOsRelease((await text('.osrel')) ?? '', where).get('VERSION_ID')
    }),
    close: async () => {
      await file.close()
      await spool.close()
    },
  }
}

async function openFolder(path: string, spool: Spool): Promise<TalosPart> {
  const folder = await openDirectoryTree(path)
  const { tree } = folder
  const found = findBootFiles(tree)
  if (found === undefined) {
    await folder.close()
    throw new NotFoundError('BLOB_UNKNOWN', 'expected a kernel and an initramfs, got neither', { at: { path } })
  }
  const { kernel, initramfs, commandLine } = found
  return {
    ...openBootFiles({ kernel: () => fileIn(tree, kernel), initramfs: () => fileIn(tree, initramfs) }, spool),
    image: () => absent('manifest', path),
    files: () => Promise.resolve(tree),
    extraPaths: () => Promise.resolve([]),
    uki: () => absent('UKI', path),
    medium: () => absent('partitions', path),
    commandLine: lazy(async () => {
      if (commandLine === undefined) return undefined
      return new TextDecoder().decode(await readAll(await fileIn(tree, commandLine), MAX_COMMAND_LINE))
    }),
    claimedTalos: () => Promise.resolve(undefined),
    close: async () => {
      await folder.close()
      await spool.close()
    },
  }
}

/** The file itself as the only one of a tree. */
function fileEntry(data: ByteSource): FileEntry {
  const path = basename(data.where.path ?? '')
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: data.size, mtime: 0, data, origin: data.where }
}

type OpenedFile = { readonly source: ByteSource; readonly close: () => Promise<void> }

async function openFile(path: string): Promise<OpenedFile> {
  const at = { path }
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new NotFoundError('BLOB_UNKNOWN', 'expected a file, got nothing', { at, cause })
    throw new FormatError('medium', 'MALFORMED', `cannot be read: ${cause.code}`, { at, cause })
  })
  const stats = await file.stat()
  if (!stats.isFile()) {
    await file.close()
    throw new FormatError('medium', 'MALFORMED', 'expected a file, got something else', { at })
  }
  return { source: fileSource(file, stats.size, at), close: () => file.close() }
}

/** A file of an asset tree. Errors of openAssets; NotFoundError. */
async function openWithin(tree: Reference, path: string, options: MediumOptions): Promise<OpenedFile> {
  const assets = await openAssets(tree, options)
  try {
    return { source: await fileIn(await assets.files(), path), close: () => assets.close() }
  } catch (error) {
    await assets.close()
    throw error
  }
}

function absent(what: string, path: string): Promise<never> {
  return Promise.reject(new FormatError('medium', 'UNSUPPORTED', `a boot medium has no ${what}`, { at: { path } }))
}
