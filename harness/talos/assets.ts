// An asset tree, `boot/vmlinuz` and `boot/initramfs.xz`: a folder, or an image whose one layer holds the tree.
import { readAll } from '../bytes/source.ts'
import { FormatError } from '../errors.ts'
import { openDirectoryTree } from '../fs/directory-tree.ts'
import { fileIn } from '../fs/file-in.ts'
import { FileTree } from '../fs/file-tree.ts'
import { subtree } from '../fs/subtree.ts'
import { lazy } from '../lazy.ts'
import { openImage, type OciImage } from '../oci/image/image.ts'
import { openStore, type OpenOptions } from '../oci/open.ts'
import { renderReference, type Reference } from '../oci/image/reference.ts'
import type { ContentStore } from '../oci/store.ts'
import { ASSET_ROOT, COMMAND_LINE, INITRAMFS, KERNEL } from './asset-paths.ts'
import { openBootFiles } from './boot/files.ts'
import { noMedium, type TalosPart } from './part.ts'

/** Linux' COMMAND_LINE_SIZE on arm64 is 2048. */
const MAX_COMMAND_LINE = 64 << 10

type Opened = {
  readonly image: () => Promise<OciImage>
  readonly files: () => Promise<FileTree>
  readonly extraPaths: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

/** Opens a `dir:` reference, or an image that holds nothing but an asset tree. */
export async function openAssets(reference: Reference, options: OpenOptions): Promise<TalosPart> {
  if (reference.kind !== 'dir') return assetsIn(await openStore(reference, options), options)
  return viewAssets(await openFolder(reference.path), renderReference(reference), options)
}

/** The asset tree of the image in a store, which is closed with it, as is the spool. */
export function assetsIn(store: ContentStore, options: Pick<OpenOptions, 'spool'>): TalosPart {
  return viewAssets(openAssetImage(store, options), store.name, options)
}

function viewAssets(opened: Opened, name: string, options: Pick<OpenOptions, 'spool'>): TalosPart {
  const file = (path: string) => async () => fileIn(await opened.files(), path)
  return {
    image: opened.image,
    files: opened.files,
    extraPaths: opened.extraPaths,
    uki: () => absent('UKI', name),
    medium: noMedium,
    ...openBootFiles({ kernel: file(KERNEL), initramfs: file(INITRAMFS) }, options.spool),
    commandLine: lazy(async () => {
      const data = (await opened.files()).resolve(COMMAND_LINE)?.data
      return data === undefined ? undefined : new TextDecoder().decode(await readAll(data, MAX_COMMAND_LINE))
    }),
    claimedTalos: () => Promise.resolve(undefined),
    close: async () => {
      await opened.close()
      await options.spool.close()
    },
  }
}

async function openFolder(path: string): Promise<Opened> {
  const folder = await openDirectoryTree(path)
  return {
    image: () => absent('manifest', path),
    files: () => Promise.resolve(folder.tree),
    extraPaths: () => Promise.resolve([]),
    close: () => folder.close(),
  }
}

function openAssetImage(store: ContentStore, options: Pick<OpenOptions, 'spool'>): Opened {
  const image = lazy(() => openImage(store, options))
  return {
    image,
    files: lazy(async () => subtree(await (await image()).tree(), ASSET_ROOT)),
    extraPaths: lazy(async () => {
      const all = [...(await (await image()).tree()).entries()]
      return all.filter(({ path, type }) => !isOfTree(path, type)).map(({ path }) => `/${path}`)
    }),
    close: () => store.close(),
  }
}

/** The tree itself, and the folders that lead to it. */
function isOfTree(path: string, type: string): boolean {
  return (
    path.startsWith(`${ASSET_ROOT}/`) ||
    (type === 'directory' && `${ASSET_ROOT}/`.startsWith(`${path}/`)) ||
    path === ''
  )
}

function absent(what: string, path: string): Promise<never> {
  return Promise.reject(new FormatError('assets', 'UNSUPPORTED', `an asset tree has no ${what}`, { at: { path } }))
}
