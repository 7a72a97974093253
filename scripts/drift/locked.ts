// The release that is locked already: tags that name other images by now, signatures that came or went, the reference.
import { parseDigest } from '#harness/bytes/digest.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { parseReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { resolveIfThere } from '#harness/oci/registry/access.ts'
import type { Lock, PinnedImage } from '#specs/contract/lock.ts'
import { about } from '../lock/upstream/lock-error.ts'
import { placeOf, type Upstream } from '../lock/upstream/upstream.ts'
import { change, type Change } from './changes/change.ts'
import { imagesOf } from './changes/images.ts'

/** Asks for tags and for nothing else. LockError where a registry does not answer. */
export async function lockedChanges(upstream: Upstream, lock: Lock, verify: boolean): Promise<readonly Change[]> {
  const images = [...imagesOf(lock)]
  const found = await mapInParallel(images, async ([name, image]) => [
    ...(await movedTag(upstream, name, image, lock.talos ?? '')),
    ...(verify ? await signatureChange(upstream, name, image) : []),
  ])
  return found.flat()
}

async function movedTag(
  upstream: Upstream,
  name: string,
  { reference, digest }: PinnedImage,
  talos: string,
): Promise<readonly Change[]> {
  const parsed = parseReference(reference)
  if (parsed.kind !== 'registry' || parsed.tag === undefined) return []
  const { tag } = parsed
  const { shown, asked } = placeOf(upstream, reference.replace(/@.*$/, ''))
  const now = await about(shown, () => resolveIfThere(upstream.access, asked))
  if (now?.digest === digest) return []
  // `spin:v0.21.0` is pushed again with every release of the extensions; what names this release belongs to it.
  const own = tag === talos || tag.endsWith(`-${talos}`)
  const gone = now === undefined
  return [
    change(
      `image.${name}.tag`,
      'images',
      own || gone ? 'decide' : 'note',
      gone ? `there is no ${name}:${tag} any more` : `${name}:${tag} is another image by now`,
      {
        was: digest,
        ...(now !== undefined && { is: now.digest }),
        rules: ['SUP-004'],
        action: own || gone ? `ask upstream why; npm run lock -- --talos ${talos} writes the lock anew` : '',
      },
    ),
  ]
}

/** The change of an image's signature: cosign's tag, or the tag for referrers of a registry without that API. */
async function signatureChange(
  upstream: Upstream,
  name: string,
  { reference, digest, signer }: PinnedImage,
): Promise<readonly Change[]> {
  const hex = parseDigest(digest).replace(':', '-')
  const { asked } = placeOf(upstream, reference.replace(/@.*$/, ''))
  const { kind, registry, repository } = asked
  const isThere = async (tag: string): Promise<boolean> =>
    (await about(`${registry}/${repository}:${tag}`, () =>
      resolveIfThere(upstream.access, { kind, registry, repository, tag }),
    )) !== undefined
  const signed = (await isThere(`${hex}.sig`)) || (await isThere(hex))
  if (signed === (signer !== undefined)) return []
  return [
    change(
      `image.${name}.signature`,
      'images',
      signed ? 'decide' : 'breaks',
      signed ? `${name} is signed by now, which the lock does not have` : `the signature of ${name} is gone`,
      { rules: ['SUP-005'], action: 'npm run lock writes the lock anew' },
    ),
  ]
}

/** The image of another release that ours are compared with: the same repository, the tag of that release. */
export function referenceFor(lock: Lock, talos: string, repository: string | undefined): RegistryReference | undefined {
  const text = repository ?? lock.reference?.reference
  if (text === undefined) return undefined
  const parsed = parseReference(text)
  if (parsed.kind !== 'registry') return undefined
  return { kind: 'registry', registry: parsed.registry, repository: parsed.repository, tag: talos }
}
