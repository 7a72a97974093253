// The catalogue of a release, and the extensions of the contract as it lists them.
import { MAX_CATALOGUE_BYTES, parseImageDigests, type CataloguedExtension } from '#build/lock/catalogue.ts'
import { readAll } from '#harness/bytes/source.ts'
import { NotFoundError } from '#harness/errors.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { resolveIfThere } from '#harness/oci/registry/access.ts'
import { parseYaml } from '#harness/formats/yaml/document.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { about, LockError } from './lock-error.ts'
import { openUpstreamImage, referenceTo, type Upstream, type UpstreamImage } from './upstream.ts'

export type Catalogue = {
  readonly image: UpstreamImage
  readonly pinned: NonNullable<Lock['catalogue']>
  readonly extensions: readonly CataloguedExtension[]
}

export async function readCatalogue(upstream: Upstream, talos: string): Promise<Catalogue> {
  const image = await openUpstreamImage(upstream, { name: 'extensions', tag: talos })
  return about(image.name, async () => {
    const tree = await image.image.tree()
    const source = await fileIn(tree, 'image-digests')
    const text = new TextDecoder().decode(await readAll(source, MAX_CATALOGUE_BYTES))
    const extensions = parseImageDigests(text, source.where)
    const descriptions = await fileIn(tree, 'descriptions.yaml')
    const described = parseYaml(await readAll(descriptions, MAX_CATALOGUE_BYTES), descriptions.where)
    for (const { line, name } of extensions)
      if (typeof described !== 'object' || described === null || !Object.hasOwn(described, line))
        upstream.note(`${image.name}: its descriptions.yaml does not list ${name} as its image-digests does`)
    const images = extensions.map(({ line }) => line).toSorted()
    return { image, pinned: { ...image.pinned, images }, extensions }
  })
}

/** The lines of these extensions; LockError that names all that the catalogue lacks. */
export function findExtensions(
  { image, extensions }: Catalogue,
  names: readonly string[],
): readonly CataloguedExtension[] {
  const found = names.map((name) => extensions.find((one) => one.name === name))
  const missing = names.filter((_, index) => found[index] === undefined)
  if (missing.length === 0) return found.filter((one) => one !== undefined)
  throw new LockError('wrong', `${image.name}: the catalogue lacks ${missing.join(', ')}, which the contract names`)
}

/** The extension by the digest of the catalogue, whatever its tag names by now. */
export async function openExtension(
  upstream: Upstream,
  extension: CataloguedExtension,
  { talos, acceptMoved }: { readonly talos: string; readonly acceptMoved: boolean },
): Promise<UpstreamImage> {
  const { name, tag, digest, reference } = extension
  const shown = `${upstream.mirror}/${name}:${tag}`
  const image = await openUpstreamImage(upstream, { name, tag, digest, reference }).catch((error: unknown) => {
    if (!(error instanceof LockError && error.cause instanceof NotFoundError)) throw error
    throw new LockError('wrong', `${shown}: the catalogue lists it as ${digest}: ${error.cause.message}`, error.cause)
  })
  const now = await findTag(upstream, shown, name, tag)
  if (now === digest) return image
  const moved = `${shown}: the tag moved: the catalogue has ${digest}, the registry ${now ?? 'no such tag'}`
  // Upstream pushes `spin:v0.21.0` again with every release of its extensions; `drbd:9.2.14-v1.11.5` belongs to this one.
  if (!acceptMoved && tag.endsWith(`-${talos}`))
    throw new LockError('wrong', `${moved}; --accept-moved keeps the catalogue's`)
  upstream.note(moved)
  return image
}

async function findTag(upstream: Upstream, shown: string, name: string, tag: string): Promise<string | undefined> {
  const found = await about(shown, () => resolveIfThere(upstream.access, { ...referenceTo(upstream, name), tag }))
  return found?.digest
}
