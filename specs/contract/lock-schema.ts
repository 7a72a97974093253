// The facts of one upstream Talos release: what a machine read off upstream, and nothing that it did not read.
// Schema 2 since the stub is pinned by section, and the installer's base by layer and configuration.
import { z } from 'zod'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256:<64 hex digits>')
const size = z.int().nonnegative()

const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `expected ${bytes} bytes in hex digits`)

const talosTag = z.string().regex(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'expected a Talos tag such as v1.11.5')

/** A file of `imager:/usr/install/arm64`. */
const pinnedFileSchema = z.strictObject({ size, sha256 })

/**
 * systemd-stub.efi by what a UKI takes over of it: headers as they are in the stub, and every section. `size` is that
 * in memory, `rawSize` that in the file, which `sha256` covers; `flags` are the section's characteristics.
 */
const stubSchema = pinnedFileSchema.extend({
  dosHeader: hexOf(64),
  fileHeader: hexOf(20),
  optionalHeader: hexOf(240),
  sections: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(8),
        address: size,
        size,
        rawSize: size,
        flags: size,
        sha256,
      }),
    )
    .min(1)
    .readonly(),
})

/** The signer of an image, as verified when the lock was written. */
const signerSchema = z.union([
  z.strictObject({ issuer: z.string().min(1), subject: z.string().min(1) }),
  /** sha256 of the public key, DER of its SubjectPublicKeyInfo. */
  z.strictObject({ key: sha256 }),
])

const imageSchema = z.strictObject({ reference: z.string().min(1), digest, signer: signerSchema.optional() })

/** The image that an installer begins with. */
const baseImageSchema = imageSchema.extend({
  diffIds: z.array(digest).min(1).readonly(),
  /** The member `config` of its configuration: Env, Entrypoint, Labels and so on, as upstream wrote them. */
  config: z.record(z.string(), z.json()),
})

/** A board's overlay (siderolabs/overlays), by the name of its installer. */
const overlaySchema = imageSchema.extend({
  name: z.string().min(1),
  /** sha256 over the lines of what imager takes of it (harness/talos/overlay.ts). */
  content: sha256.optional(),
})

const catalogueSchema = imageSchema.extend({
  /** The lines of its `image-digests`: `ghcr.io/siderolabs/drbd:9.2.14-v1.11.5@sha256:…`, sorted. */
  images: z.array(z.string().min(1)).readonly().optional(),
})

const extensionSchema = z.strictObject({
  name: z.string().min(1),
  reference: z.string().min(1),
  digest,
  version: z.string().min(1),
  /** The release whose catalogue lists it, where the contract or `--hold` keeps it back in the lock of another. */
  held: talosTag.optional(),
  signer: signerSchema.optional(),
  /** The fields of its manifest.yaml beside name and version; imager copies them into extensions.yaml. */
  metadata: z
    .strictObject({
      author: z.string(),
      description: z.string(),
      compatibility: z.string(),
      extraInfo: z.string().min(1).optional(),
    })
    .optional(),
  /** sha256 over the content lines of the extension's `rootfs/` without firmware (specs/README.md). */
  content: sha256.optional(),
  /** sha256 over the lines of modes and owners of the same files (harness/talos/extension/modes.ts). */
  modes: sha256.optional(),
  /** sha256 over the labels of the same files (harness/talos/extension/labels.ts); absent where none has one. */
  labels: sha256.optional(),
  firmware: z
    .array(z.strictObject({ path: z.string().min(1), sha256 }))
    .readonly()
    .optional(),
})

export const LOCK_SCHEMA = 2

export const lockFields = z.strictObject({
  schema: z.literal(LOCK_SCHEMA),
  talos: talosTag.optional(),
  /** Seconds since 1970: the commit time of the Talos tag. */
  sourceDate: z.int().nonnegative().optional(),
  kernelRelease: z.string().min(1).optional(),
  commandLine: z.string().optional(),
  ukiSections: z.array(z.string().min(1)).readonly().optional(),
  kernel: pinnedFileSchema.optional(),
  baseInitramfs: pinnedFileSchema.optional(),
  systemdStub: stubSchema.optional(),
  systemdBoot: pinnedFileSchema.optional(),
  installerBase: baseImageSchema.optional(),
  imager: imageSchema.optional(),
  /** An imager with a kernel of one's own, of which kernel, base initramfs and the facts in them are. */
  kernelImage: imageSchema.optional(),
  installer: imageSchema.optional(),
  catalogue: catalogueSchema.optional(),
  moduleKey: z.strictObject({ keyId: z.string().min(1), certificateSha256: sha256.optional() }).optional(),
  reference: z
    .strictObject({
      reference: z.string().min(1),
      digest,
      cozystackTag: z.string().optional(),
      cozystackCommit: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .optional(),
      extensions: z.array(z.string().min(1)).readonly(),
    })
    .optional(),
  extensions: z.array(extensionSchema).readonly().optional(),
  overlays: z.array(overlaySchema).readonly().optional(),
})

export type Lock = Readonly<z.infer<typeof lockFields>>
export type PinnedExtension = Readonly<z.infer<typeof extensionSchema>>
export type PinnedOverlay = Readonly<z.infer<typeof overlaySchema>>
export type PinnedImage = Readonly<z.infer<typeof imageSchema>>
export type PinnedSigner = Readonly<z.infer<typeof signerSchema>>
export type PinnedFile = Readonly<z.infer<typeof pinnedFileSchema>>
export type PinnedBase = Readonly<z.infer<typeof baseImageSchema>>
