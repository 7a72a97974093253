// One release of upstream as it is compared: by the digests of its lock, from its registry, or as it was kept.
import { posix } from 'node:path'
import { digestOf, parseDigest } from '#harness/bytes/digest.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { openBootFiles } from '#harness/talos/boot/files.ts'
import { describeBoot } from '#harness/talos/description/boot.ts'
import { describeCapabilities, describeInstaller, type Description } from '#harness/talos/description/description.ts'
import { describeExtension } from '#harness/talos/description/extension.ts'
import { bootSchema, extensionSchema, ukiSchema } from '#harness/talos/description/schema.ts'
import { readExtensionPackage } from '#harness/talos/extension/image.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import type { Lock, PinnedImage } from '#specs/contract/lock.ts'
import { about, LockError } from '../lock/upstream/lock-error.ts'
import { openNamedImage, type Upstream, type UpstreamImage } from '../lock/upstream/upstream.ts'
import type { Kept } from './kept.ts'

export type ReleaseDescription = Description & {
  readonly talos: string
  readonly lock: Lock
  /** Names in the catalogue. */
  readonly catalogue: readonly string[]
  readonly attestations: boolean | undefined
}

const INSTALL = posix.dirname(UKI_PATH)

/** LockError for a lock that names no release or no imager, and for what cannot be read. */
export async function describeRelease(upstream: Upstream, lock: Lock, kept: Kept): Promise<ReleaseDescription> {
  const { talos, imager, kernelImage, installer, extensions = [], installerBase } = lock
  if (talos === undefined || imager === undefined)
    throw new LockError('unknown', 'the lock names no release, or no imager: npm run lock writes one')
  const own = kernelImage ?? imager
  // The stub and the boot loader are upstream's: what is kept is of both images.
  const digest = kernelImage === undefined ? imager.digest : digestOf(Buffer.from(kernelImage.digest + imager.digest))
  const boot = await kept.of('boot', digest, bootSchema, async () => {
    const opened = await open(upstream, own)
    const upstreams = own === imager ? opened : await open(upstream, imager)
    const { name, image } = opened
    upstream.step(`${name}: kernel, modules and root filesystem`)
    return about(name, async () => {
      const tree = await image.tree()
      const file = (path: string) => fileIn(tree, posix.join(INSTALL, path))
      const program = async (path: string) => fileIn(await upstreams.image.tree(), posix.join(INSTALL, path))
      const files = openBootFiles(
        { kernel: () => file('vmlinuz'), initramfs: () => file('initramfs.xz') },
        upstream.spool,
      )
      return describeBoot({
        kernel: await files.kernel(),
        tree: await (await files.rootfs()).tree(),
        stub: await program('systemd-stub.efi'),
        boot: await program('systemd-boot.efi'),
      })
    })
  })
  const uki =
    installer &&
    (await kept.of('uki', installer.digest, ukiSchema, async () => {
      const { name, image } = await open(upstream, installer)
      return about(name, async () => describeInstaller(await image.tree()))
    }))
  const described = await mapInParallel(extensions, (extension) =>
    kept.of('extension', extension.digest, extensionSchema, async () => {
      const { name, store } = await open(upstream, extension)
      return about(name, async () => {
        const { manifest, rootfs } = await readExtensionPackage(store, upstream.spool)
        return describeExtension(manifest.metadata, rootfs)
      })
    }),
  )
  return {
    talos,
    boot,
    ...(uki && { uki }),
    extensions: described.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    capabilities: describeCapabilities(talos),
    lock,
    catalogue: (lock.catalogue?.images ?? []).map(nameOf),
    attestations: installerBase && (await hasAttestations(upstream, installerBase)),
  }
}

/** `spin` of `ghcr.io/siderolabs/spin:v0.21.0@sha256:…`. */
function nameOf(line: string): string {
  return line.split('@')[0]?.split('/').at(-1)?.split(':')[0] ?? line
}

/** Opens an image by digest, without reading its signer, which the lock states. */
function open(upstream: Upstream, { reference, digest }: PinnedImage): Promise<UpstreamImage> {
  const quiet = { ...upstream, signerOf: () => Promise.resolve(undefined) }
  return openNamedImage(quiet, `${reference.replace(/@.*$/, '')}@${parseDigest(digest)}`)
}

/** True where the index has children beside those of its platforms. */
async function hasAttestations(upstream: Upstream, image: PinnedImage): Promise<boolean> {
  const { image: opened } = await open(upstream, image)
  return opened.children.some(({ platform }) => platform?.architecture === 'unknown')
}
