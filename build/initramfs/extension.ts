// One system extension: read from its pinned image, checked, and squashed without its firmware, which goes into the
// initramfs itself (siderolabs/talos internal/pkg/extensions/compress.go).
import { open } from 'node:fs/promises'
import { fileSource, type ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import { openImage } from '#harness/oci/image/image.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { admitsTalos } from '#harness/talos/extension/compatibility.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension/content.ts'
import { foreignPaths, readExtensionPackage } from '#harness/talos/extension/image.ts'
import type { ExtensionMetadata } from '#harness/talos/extension/extension.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import type { PinnedExtension } from '#specs/contract/lock.ts'
import { BuildError } from '../build-error.ts'
import { writeSquashfs, type SquashFile } from '../formats/squashfs/writer.ts'
import { openPinned, type UpstreamParts } from '../upstream/upstream.ts'

export type Extension = {
  readonly metadata: ExtensionMetadata
  /** The tree that it installs, its root being the machine's. */
  readonly rootfs: FileTree
  close(): Promise<void>
}

export type ExtensionChecks = {
  readonly talos: string
  readonly architecture: string
  /** The base's, which may be read meanwhile. */
  kernelRelease(): Promise<string>
}

/** Level 18, as imager compresses extensions. */
const ZSTD_LEVEL = 18
/** imager keeps the label that a file of an extension carries, in releases that keep any, and no other attribute. */
const LABEL = 'security.selinux'

/**
 * BuildError ARCHITECTURE, EXTENSION, CONSTRAINT or KERNEL_RELEASE for one that does not fit; errors of `openPinned`
 * and of `readExtensionPackage`. Files are read lazily: close it after.
 */
export async function readExtension(
  upstream: UpstreamParts,
  pinned: PinnedExtension,
  checks: ExtensionChecks,
  spool: Spool,
): Promise<Extension> {
  const store = await openPinned(upstream, pinned, spool)
  try {
    await checkArchitecture(store, pinned, checks.architecture, spool)
    const { manifest, rootfs } = await readExtensionPackage(store, spool)
    const { metadata } = manifest
    checkMetadata(metadata, pinned, checks.talos)
    checkKernelRelease(rootfs, metadata.name, await checks.kernelRelease())
    checkPaths(rootfs, pinned, checks.talos)
    return { metadata, rootfs, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function checkArchitecture(
  store: ContentStore,
  { name, reference }: PinnedExtension,
  wanted: string,
  spool: Spool,
): Promise<void> {
  const image = await openImage(store, { spool })
  const fail = (got: string) =>
    new BuildError('ARCHITECTURE', `the extension ${name} is not for linux/${wanted}: ${got}`, {
      at: { path: reference },
    })
  if ('reason' in image.selection) throw fail(image.selection.reason)
  const { os, architecture } = await image.config()
  if (os !== 'linux' || architecture !== wanted)
    throw fail(`its config says ${os ?? 'nothing'}/${architecture ?? 'nothing'}`)
}

function checkMetadata(
  { name, version, compatibility }: ExtensionMetadata,
  pinned: PinnedExtension,
  talos: string,
): void {
  const at = { path: pinned.reference }
  if (name !== pinned.name || version !== pinned.version)
    throw new BuildError(
      'EXTENSION',
      `the lock pins the extension ${pinned.name} ${pinned.version}, its manifest says ${name} ${version}`,
      { at },
    )
  const range = compatibility.talos.version
  if (!admitsTalos(range, talos, at))
    throw new BuildError('CONSTRAINT', `the extension ${name} ${version} is for Talos ${range}, not for ${talos}`, {
      at,
    })
}

/** imager leaves this to upstream's validator; whoever builds from another source has none. */
function checkPaths(rootfs: FileTree, { name, reference }: PinnedExtension, talos: string): void {
  const [foreign] = foreignPaths(rootfs, quirksOf(talos).extensionPrefixes)
  if (foreign === undefined) return
  throw new BuildError('EXTENSION', `the extension ${name} holds /${foreign}: not allowed in extensions of ${talos}`, {
    at: { path: reference },
  })
}

/** Checks that modules are in one folder, the kernel's; nothing where there are none. */
function checkKernelRelease(rootfs: FileTree, name: string, kernelRelease: string): void {
  if (!hasModules(rootfs)) return
  const releases = rootfs.children(MODULES_FOLDER).map(({ path }) => path.slice(MODULES_FOLDER.length + 1))
  if (releases.length === 1 && releases[0] === kernelRelease) return
  throw new BuildError(
    'KERNEL_RELEASE',
    `the extension ${name} has modules for ${releases.join(', ') || 'no kernel'}, the base is ${kernelRelease}`,
    { at: rootfs.where },
  )
}

export function hasModules(rootfs: FileTree): boolean {
  return rootfs.has(MODULES_FOLDER)
}

/** The bits of a folder's mode that imager's untar keeps, and those that it adds. */
const PERMISSIONS = 0o777
const OWNED = 0o700

/** `hasLabels`: the release's imager keeps the labels of SELinux. */
export type SquashStyle = { readonly time: number; readonly hasLabels: boolean }

/**
 * Everything but firmware as entries of a squashfs: root-owned, of one time, a file for each name of a hard link, modes
 * as imager leaves them. BuildError EXTENSION for what no extension may hold.
 */
export function toSquashFiles(
  { metadata, rootfs }: Extension,
  { time, hasLabels }: SquashStyle,
): readonly SquashFile[] {
  return [...rootfs.under('')]
    .filter(({ path }) => path !== FIRMWARE_FOLDER && !path.startsWith(`${FIRMWARE_FOLDER}/`))
    .map((entry) => {
      const file = toSquashFile(entry, metadata.name, time)
      const label = hasLabels ? entry.xattrs?.get(LABEL) : undefined
      return label === undefined ? file : { ...file, xattrs: new Map([[LABEL, label]]) }
    })
}

function toSquashFile(entry: FileEntry, extension: string, time: number): SquashFile {
  const { path, type, target, data } = entry
  const mode = type === 'directory' ? (entry.mode & PERMISSIONS) | OWNED : entry.mode
  const owner = { path, mode, uid: 0, gid: 0, mtime: time }
  if (type !== 'file' && type !== 'directory' && type !== 'symlink') {
    const what = type === 'hardlink' ? `a hard link to ${target ?? 'nothing'}, which is not there` : `a ${type}`
    throw new BuildError('EXTENSION', `the extension ${extension} holds ${what}: ${path}`, { at: entry.origin })
  }
  return {
    ...owner,
    type,
    ...(data !== undefined && { data }),
    ...(target !== undefined && { target }),
  }
}

/** Squashes with imager's options into a file at `path`, and opens that. */
export async function squash(
  files: readonly SquashFile[],
  path: string,
  options: { readonly time: number; readonly workers: number },
): Promise<{ readonly data: ByteSource; close(): Promise<void> }> {
  const file = await open(path, 'wx+')
  try {
    const size = await writeSquashfs(file, files, {
      compression: 'zstd',
      level: ZSTD_LEVEL,
      modificationTime: options.time,
      concurrency: options.workers,
    })
    return { data: fileSource(file, size, { path }), close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}
