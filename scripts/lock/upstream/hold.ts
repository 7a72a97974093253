// An extension that is kept back: the pin of the lock that is there, in a lock of another release.
import { parseDigest } from '#harness/bytes/digest.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import type { Lock, PinnedExtension } from '#specs/contract/lock.ts'
import { UsageError } from '../../cli/command-line.ts'
import { checkFits } from './held.ts'
import { LockError } from './lock-error.ts'
import { openUpstreamImage, type Upstream } from './upstream.ts'

/** The pins of these extensions, each with the release whose catalogue lists it; UsageError for one that the lock does not have. */
export function heldPins(lock: Lock | undefined, names: readonly string[]): readonly PinnedExtension[] {
  return names.map((name) => {
    const pin = lock?.extensions?.find((one) => one.name === name)
    if (pin === undefined) throw new UsageError(`--hold ${name}: there is no lock that pins it`)
    const held = pin.held ?? lock?.talos
    const isListed = lock?.catalogue?.images?.includes(`${pin.reference}@${pin.digest}`) ?? true
    if (pin.held === undefined && !isListed)
      throw new UsageError(`--hold ${name}: ${pin.reference} is not in the catalogue of the lock that pins it`)
    return { ...pin, ...(held !== undefined && { held }) }
  })
}

/** `lock` with the held extensions in the place of its own. LockError for one that is unsigned or does not fit. */
export async function holdExtensions(
  upstream: Upstream,
  lock: Lock,
  held: readonly PinnedExtension[],
  verify: boolean,
): Promise<Lock> {
  if (held.length === 0) return lock
  const listed = new Set(lock.catalogue?.images)
  const checked = await Promise.all(held.map((pin) => checkHeld(upstream, lock, pin, verify)))
  // What the catalogue of this release lists as well is not held back.
  const pins = checked.map(({ held: from, ...pin }): PinnedExtension =>
    listed.has(`${pin.reference}@${pin.digest}`) ? pin : { ...pin, held: from },
  )
  for (const { name, reference, held: from } of pins)
    if (from !== undefined)
      upstream.note(`${name} is held at ${reference}, of the catalogue of ${from}, which SUP-004 notes too`)
  const names = new Set(pins.map(({ name }) => name))
  return { ...lock, extensions: [...(lock.extensions ?? []).filter(({ name }) => !names.has(name)), ...pins] }
}

async function checkHeld(
  upstream: Upstream,
  lock: Lock,
  pin: PinnedExtension,
  verify: boolean,
): Promise<PinnedExtension> {
  const { name, reference, digest, signer: _, ...facts } = pin
  const parsed = parseReference(reference)
  const tag = parsed.kind === 'registry' ? (parsed.tag ?? '') : ''
  const image = await openUpstreamImage(upstream, { name, tag, digest: parseDigest(digest), reference })
  if (verify && image.pinned.signer === undefined)
    throw new LockError('wrong', `${reference}: cannot be held: it is not signed`)
  await checkFits(upstream, image, lock)
  return { name, ...facts, ...image.pinned }
}
