// The overlays of the contract: each by the tag or digest that the contract names, with who signed it and what is in it.
import { readOverlayFacts } from '#build/lock/overlay-facts.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { PinnedOverlay } from '#specs/contract/lock.ts'
import { about } from './lock-error.ts'
import { openNamedImage, type Upstream } from './upstream.ts'

export type WantedOverlay = Pick<NonNullable<Contract['overlays']>[number], 'name' | 'image'>

/** LockError, naming the image. */
export async function readOverlay(
  upstream: Upstream,
  { name, image: reference }: WantedOverlay,
): Promise<PinnedOverlay> {
  const { name: shown, pinned, image } = await openNamedImage(upstream, reference)
  upstream.step(`${shown}: contents`)
  return about(shown, async () => ({ name, ...pinned, ...(await readOverlayFacts(await image.tree(), name)) }))
}
