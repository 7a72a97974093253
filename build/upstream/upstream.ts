// The seam between the recipe and upstream: parts by digest, wherever they are kept. What comes through here is the
// pinned bytes or an error.
import { isDigest, parseDigest, type Digest } from '#harness/bytes/digest.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { verifiedChunks } from '#harness/bytes/verified.ts'
import { IntegrityError } from '#harness/errors.ts'
import type { Descriptor } from '#harness/oci/image/schemas.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { Lock } from '#specs/contract/lock.ts'

export type PinnedImage = { readonly reference: string; readonly digest: string }

/** The files of `imager:/usr/install/arm64`, by their names in the lock. */
export const UPSTREAM_FILES = {
  kernel: 'vmlinuz',
  baseInitramfs: 'initramfs.xz',
  systemdStub: 'systemd-stub.efi',
  systemdBoot: 'systemd-boot.efi',
} as const
export type UpstreamFile = keyof typeof UPSTREAM_FILES
/** Those that a kernel of one's own brings: the modules of the kernel are in the initramfs. */
export const OF_KERNEL_IMAGE: ReadonlySet<UpstreamFile> = new Set(['kernel', 'baseInitramfs'])

export interface UpstreamParts {
  /** The origin of the parts, for a person. */
  readonly name: string
  readonly lock: Lock
  /** The image of this digest, unverified. NotFoundError where there is none; the caller closes it. */
  open(image: PinnedImage): Promise<ContentStore>
  /** One of the four files, unverified. NotFoundError where there is none. */
  file(name: UpstreamFile): Promise<ByteSource>
  close(): Promise<void>
}

/** The image as pinned: every blob passes size and digest on its way to `spool`; IntegrityError where it does not. */
export async function openPinned(upstream: UpstreamParts, image: PinnedImage, spool: Spool): Promise<ContentStore> {
  const store = await upstream.open(image)
  const digest = parseDigest(image.digest, { path: image.reference })
  return {
    name: store.name,
    async resolve(signal) {
      const root = await store.resolve(signal)
      if (root.digest !== digest) throw mismatch(image, root.digest)
      return root
    },
    open: async (descriptor) => takeVerified(await store.open(descriptor), descriptor, spool),
    close: () => store.close(),
  }
}

/** One of the four files, as the lock has it. */
export async function takePinnedFile(
  upstream: UpstreamParts,
  name: UpstreamFile,
  pinned: { readonly size: number; readonly sha256: string },
  spool: Spool,
): Promise<ByteSource> {
  return takeVerified(
    await upstream.file(name),
    { digest: parseDigest(`sha256:${pinned.sha256}`), size: pinned.size },
    spool,
  )
}

function takeVerified(
  source: ByteSource,
  expected: Pick<Descriptor, 'digest' | 'size'>,
  spool: Spool,
): Promise<ByteSource> {
  const { where } = source
  const chunks = verifiedChunks(source.stream(), expected, { ...where, digest: expected.digest })
  return spool.take(chunks, { where, maxBytes: expected.size, format: 'part' })
}

function mismatch({ reference, digest }: PinnedImage, got: string): IntegrityError {
  return new IntegrityError('DIGEST_MISMATCH', `${reference}: expected ${digest}, got ${got}`, {
    at: { path: reference },
    got,
    want: digest,
    bytesRead: 0,
  })
}

/** True for a descriptor with the digest of a pinned image; false where the lock has no digest of it. */
export function hasDigest(descriptor: { readonly digest: Digest }, image: PinnedImage): boolean {
  return isDigest(image.digest) && descriptor.digest === image.digest
}
