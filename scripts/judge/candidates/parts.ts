// The parts of a candidate behind one reference: the installer image, and the asset image beside it.
import { NotFoundError } from '#harness/errors.ts'
import { openDirectoryTree } from '#harness/fs/directory-tree.ts'
import { findBootFiles } from '#harness/talos/media/boot-folder.ts'
import { isMedium, type Reference } from '#harness/oci/image/reference.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { listNames, openPart, type OpenedPart, type PartPlace } from './part.ts'

/** The parts of a candidate by one reference: the image that it names, and the one beside it. */
type Found = {
  readonly installer?: Reference
  readonly assets?: Reference
  /** One of imager's other outputs. */
  readonly media?: Reference
  /** True where the assets may be absent. */
  readonly optional?: true
}

/**
 * Opens the installer image that `reference` names and the asset image beside it, or the assets that it names itself;
 * `assets` are those that were named. Errors of `openPart`, but for an asset image that is not there.
 */
export async function openParts(
  reference: Reference,
  assets: Reference | undefined,
  place: PartPlace,
): Promise<readonly OpenedPart[]> {
  const found = await findParts(reference, place)
  const opened: OpenedPart[] = []
  try {
    if (found.installer !== undefined) opened.push(await openPart('installer', found.installer, place))
    if (found.media !== undefined) opened.push(await openPart('media', found.media, place))
    const beside = assets === undefined ? await openBeside(found, place) : await openPart('assets', assets, place)
    if (beside !== undefined) opened.push(beside)
    return opened
  } catch (error) {
    await Promise.all(opened.map(({ talos }) => talos.close()))
    throw error
  }
}

/** The installer image that `reference` names: in a layout of one image and its assets the image, as `openParts` takes it. */
export async function installerOf(reference: Reference, place: PartPlace): Promise<Reference> {
  return (await findParts(reference, place)).installer ?? reference
}

async function openBeside({ assets, optional }: Found, place: PartPlace): Promise<OpenedPart | undefined> {
  if (assets === undefined) return undefined
  try {
    return await openPart('assets', assets, place)
  } catch (error) {
    if (optional === true && error instanceof NotFoundError) return undefined
    throw error
  }
}

async function findParts(reference: Reference, place: PartPlace): Promise<Found> {
  if (reference.kind === 'dir')
    return (await isBootFolder(reference.path)) ? { media: reference } : { assets: reference }
  if (isMedium(reference)) return { media: reference }
  if (reference.kind === 'docker-archive') return { installer: reference }
  const { tag, digest } = reference
  if (tag?.endsWith(ASSETS_SUFFIX) === true) return { assets: reference }
  if (reference.kind === 'registry')
    return {
      installer: reference,
      ...(tag !== undefined &&
        digest === undefined && { assets: { ...reference, tag: tag + ASSETS_SUFFIX }, optional: true }),
    }
  const names = await listNames(reference, place)
  const named = tag ?? onlyInstaller(names)
  if (named === undefined || digest !== undefined) return { installer: reference }
  const assets = named + ASSETS_SUFFIX
  return {
    installer: { ...reference, tag: named },
    ...(names.includes(assets) && { assets: { ...reference, tag: assets } }),
  }
}

/** True for a folder with kernel or initramfs directly in it; an asset tree has them in `boot`. */
async function isBootFolder(path: string): Promise<boolean> {
  const folder = await openDirectoryTree(path)
  try {
    return findBootFiles(folder.tree) !== undefined
  } finally {
    await folder.close()
  }
}

/** The installer's name beside that of an asset image; undefined for several installers, which the store refuses. */
function onlyInstaller(names: readonly string[]): string | undefined {
  const installers = names.filter((name) => !name.endsWith(ASSETS_SUFFIX))
  return installers.length === 1 && names.length > 1 ? installers[0] : undefined
}
