// The parts of a candidate behind one reference: the installer image, and the asset image beside it.
import { NotFoundError } from '#harness/errors.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'

export type PartReferences = { readonly installer?: Reference; readonly assets?: Reference }

/** `open` opens a store for looking; it is closed here. Errors of the store, but for an asset image that is not there. */
export async function findParts(
  reference: Reference,
  open: (reference: Reference) => Promise<ContentStore>,
): Promise<PartReferences> {
  if (reference.kind === 'dir') return { assets: reference }
  if (reference.kind === 'docker-archive') return { installer: reference }
  if (reference.tag?.endsWith(ASSETS_SUFFIX) === true) return { assets: reference }
  if (reference.kind === 'registry') return { installer: reference, ...(await besideInRegistry(reference, open)) }
  const store = await open(reference)
  try {
    const names = (await store.names?.()) ?? []
    const tag = reference.tag ?? onlyInstaller(names)
    if (tag === undefined || reference.digest !== undefined) return { installer: reference }
    const assets = tag + ASSETS_SUFFIX
    return {
      installer: { ...reference, tag },
      ...(names.includes(assets) && { assets: { ...reference, tag: assets } }),
    }
  } finally {
    await store.close()
  }
}

/** Where an asset image lies beside it, the other name is meant; several installers stay for the store to refuse. */
function onlyInstaller(names: readonly string[]): string | undefined {
  const installers = names.filter((name) => !name.endsWith(ASSETS_SUFFIX))
  return installers.length === 1 && names.length > 1 ? installers[0] : undefined
}

async function besideInRegistry(
  reference: Extract<Reference, { kind: 'registry' }>,
  open: (reference: Reference) => Promise<ContentStore>,
): Promise<Pick<PartReferences, 'assets'>> {
  const { tag, digest, ...repository } = reference
  if (tag === undefined || digest !== undefined) return {}
  const assets = { ...repository, tag: tag + ASSETS_SUFFIX }
  const store = await open(assets)
  try {
    await store.resolve()
    return { assets }
  } catch (error) {
    if (error instanceof NotFoundError) return {}
    throw error
  } finally {
    await store.close()
  }
}
