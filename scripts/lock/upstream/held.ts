// Extensions that the contract holds back: from the catalogue of an older release, as far as they fit the one that is locked.
import { admitsTalos } from '#harness/talos/extension/compatibility.ts'
import { readExtensionPackage } from '#harness/talos/extension/image.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import type { HeldExtension } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { findExtensions, openExtension, readCatalogue } from './catalogue.ts'
import { about, LockError } from './lock-error.ts'
import { inParallel } from './parallel.ts'
import type { Upstream, UpstreamImage } from './upstream.ts'

export type OpenedHeld = UpstreamImage & { readonly held: string }

/** Each extension by the digest that the catalogue of its release has. LockError where one has none. */
export async function openHeldExtensions(
  upstream: Upstream,
  held: readonly HeldExtension[],
  acceptMoved: boolean,
): Promise<readonly OpenedHeld[]> {
  const releases = [...new Set(held.map(({ talos }) => talos))].toSorted()
  const opened = releases.map((talos) => async () => {
    const names = held.filter((one) => one.talos === talos).map(({ name }) => name)
    const found = findExtensions(await readCatalogue(upstream, talos), names)
    return inParallel(
      found.map((extension) => async () => {
        const image = await openExtension(upstream, extension, { talos, acceptMoved })
        if (image.pinned.signer === undefined)
          upstream.note(`${image.name}: it is held back, and who signed it is not known: SUP-004 wants that`)
        return { ...image, held: talos }
      }),
    )
  })
  return (await inParallel(opened)).flat()
}

/** LockError where an extension of another release does not fit: by the range that it admits, or by its modules. */
export async function checkFits(
  { spool }: Pick<Upstream, 'spool'>,
  { pinned, store }: Pick<UpstreamImage, 'pinned' | 'store'>,
  { talos = '', kernelRelease }: Pick<Lock, 'talos' | 'kernelRelease'>,
): Promise<void> {
  const { reference } = pinned
  const refuse = (why: string): never => {
    throw new LockError('wrong', `${reference}: cannot be held: ${why}`)
  }
  const { manifest, rootfs } = await about(reference, () => readExtensionPackage(store, spool))
  const range = manifest.metadata.compatibility.talos.version
  if (!admitsTalos(range, talos)) refuse(`it admits Talos ${range}, not ${talos}`)
  const releases = new Set([...rootfs.under(MODULES_FOLDER)].flatMap(({ path }) => path.split('/')[3] ?? []))
  const other = [...releases].find((release) => release !== kernelRelease)
  if (other !== undefined)
    refuse(`its modules are for the kernel ${other}, and that of Talos ${talos} is ${kernelRelease}`)
}
