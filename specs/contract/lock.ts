// The facts of one upstream Talos release: what a machine read off upstream, and nothing that it did not read.
import { z } from 'zod'
import { digestOf, type Digest } from '#harness/bytes/digest.ts'
import { FormatError } from '#harness/errors.ts'
import { validate } from '#harness/formats/yaml/schema.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256:<64 hex digits>')
const size = z.int().nonnegative()

/** A file of `imager:/usr/install/arm64`. */
const pinnedFileSchema = z.strictObject({ size, sha256 })

/** Who signed an image, as whoever wrote the lock verified it. */
const signerSchema = z.union([
  z.strictObject({ issuer: z.string().min(1), subject: z.string().min(1) }),
  /** sha256 of the public key, DER of its SubjectPublicKeyInfo. */
  z.strictObject({ key: sha256 }),
])

const imageSchema = z.strictObject({ reference: z.string().min(1), digest, signer: signerSchema.optional() })

const catalogueSchema = imageSchema.extend({
  /** The lines of its `image-digests`: `ghcr.io/siderolabs/drbd:9.2.14-v1.11.5@sha256:…`, sorted. */
  images: z.array(z.string().min(1)).readonly().optional(),
})

const extensionSchema = z.strictObject({
  name: z.string().min(1),
  reference: z.string().min(1),
  digest,
  version: z.string().min(1),
  signer: signerSchema.optional(),
  /** sha256 over the content lines of the extension's `rootfs/` without firmware (architecture.md, The lock). */
  content: sha256.optional(),
  firmware: z
    .array(z.strictObject({ path: z.string().min(1), sha256 }))
    .readonly()
    .optional(),
})

const lockSchema = z.strictObject({
  schema: z.literal(1).default(1),
  talos: z
    .string()
    .regex(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'expected a Talos tag such as v1.11.5')
    .optional(),
  /** Seconds since 1970: the commit time of the Talos tag. */
  sourceDate: z.int().nonnegative().optional(),
  kernelRelease: z.string().min(1).optional(),
  commandLine: z.string().optional(),
  ukiSections: z.array(z.string().min(1)).readonly().optional(),
  kernel: pinnedFileSchema.optional(),
  baseInitramfs: pinnedFileSchema.optional(),
  systemdStub: pinnedFileSchema.optional(),
  systemdBoot: pinnedFileSchema.optional(),
  installerBase: imageSchema.optional(),
  imager: imageSchema.optional(),
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
})

export type Lock = Readonly<z.infer<typeof lockSchema>>
export type PinnedExtension = Readonly<z.infer<typeof extensionSchema>>
export type PinnedImage = Readonly<z.infer<typeof imageSchema>>
export type PinnedSigner = Readonly<z.infer<typeof signerSchema>>
export type PinnedFile = Readonly<z.infer<typeof pinnedFileSchema>>

/** A lock file (JSON); SchemaError with every issue, FormatError MALFORMED when it is no JSON. */
export function parseLock(bytes: Uint8Array, path: string): Lock {
  return validate('lock', lockSchema, parseJson(bytes, path), { path })
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new FormatError('lock', 'MALFORMED', 'expected a JSON document, got something else', { at: { path }, cause })
  }
}

/** Of the lock's canonical bytes: what an image says that it was built from. */
export function lockDigest(lock: Lock): Digest {
  return digestOf(Buffer.from(formatLock(lock)))
}

/** The lock as it stands in a file: keys in the order of the schema, extensions by name, a newline at the end. */
export function formatLock(lock: Lock): string {
  const extensions = lock.extensions?.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return `${JSON.stringify(lockSchema.parse({ ...lock, ...(extensions && { extensions }) }), null, 2)}\n`
}
