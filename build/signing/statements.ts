// The statements that are signed about an image:
// https://github.com/in-toto/attestation/blob/v1.1.2/spec/v1/statement.md Provenance:
// https://slsa.dev/spec/v1.1/provenance. The same inputs give the same bytes.
import { algorithmOf, digestOf, encodedPart, type Digest } from '#harness/bytes/digest.ts'
import { splitImageName } from '../image-name.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { lockDigest, type Lock } from '#specs/contract/lock.ts'

export type Statement = {
  readonly _type: typeof STATEMENT_V1
  readonly subject: readonly Subject[]
  readonly predicateType: string
  readonly predicate: unknown
}
type Subject = {
  readonly name?: string
  readonly digest: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export const STATEMENT_V1 = 'https://in-toto.io/Statement/v1'
export const COSIGN_SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1'
export const PROVENANCE_PREDICATE = 'https://slsa.dev/provenance/v1'
const SPDX_PREDICATE = 'https://spdx.dev/Document'
/** https://github.com/sigstore/cosign/blob/v2.5.0/specs/COSIGN_PREDICATE_SPEC.md: any text, as it is. */
const TEXT_PREDICATE = 'https://cosign.sigstore.dev/attestation/v1'

/** The URI, behind the contract's source, of what `externalParameters` mean: those of version 1 of this file. */
const BUILD_TYPE_FRAGMENT = '#talos-image/v1'

/** A statement that the image was signed, and nothing else: what cosign 3 makes of `cosign sign`. */
export function signatureStatement(digest: Digest): Statement {
  return toStatement(digest, COSIGN_SIGN_PREDICATE, {}, { annotations: {} })
}

/** `document` is the parsed SPDX document. */
export function spdxStatement(digest: Digest, document: unknown): Statement {
  return toStatement(digest, SPDX_PREDICATE, document)
}

/** `text` is a document that has no predicate of its own, such as a report of the suite. */
export function textStatement(digest: Digest, text: string, made = new Date()): Statement {
  return toStatement(digest, TEXT_PREDICATE, { Data: text, Timestamp: made.toISOString() })
}

export type ProvenanceInputs = {
  readonly digest: Digest
  readonly variant: string
  readonly contract: Contract
  readonly lock: Lock
  /** The source of contract and lock, such as `git+https://github.com/you/repo@refs/heads/main`, and its commit. */
  readonly source: { readonly uri: string; readonly commit: string }
  /** The verdict on the image, and whether it was published in spite of it. */
  readonly gate: {
    readonly verdict: string
    readonly forced: boolean
    /** The waivers by which it is green. */
    readonly waived?: readonly { readonly rule: string; readonly expires: string; readonly reason: string }[]
  }
  /** URL of the run that built it. */
  readonly invocation?: string
  readonly startedOn?: Date
  readonly finishedOn?: Date
}

/** The origin of an image: its builder, the source, and every image of upstream that went into it. */
export function provenanceStatement(inputs: ProvenanceInputs): Statement {
  const { digest, variant, contract, lock, source, gate, invocation, startedOn, finishedOn } = inputs
  const metadata = {
    ...(invocation !== undefined && { invocationId: invocation }),
    ...(startedOn !== undefined && { startedOn: startedOn.toISOString() }),
    ...(finishedOn !== undefined && { finishedOn: finishedOn.toISOString() }),
  }
  return toStatement(digest, PROVENANCE_PREDICATE, {
    buildDefinition: {
      buildType: contract.labels.source + BUILD_TYPE_FRAGMENT,
      externalParameters: {
        variant,
        ...(lock.talos !== undefined && { talos: lock.talos }),
        contract: digestOf(Buffer.from(JSON.stringify(contract))),
        lock: lockDigest(lock),
        verdict: gate.verdict,
        forced: gate.forced,
        ...((gate.waived ?? []).length > 0 && { waived: gate.waived }),
      },
      resolvedDependencies: [
        { uri: source.uri, digest: { gitCommit: source.commit } },
        ...upstreamImages(lock, contract, variant).map(({ reference, digest: pinned }) => ({
          uri: packageUrl(reference, pinned),
          digest: toDigestSet(pinned),
        })),
      ],
    },
    runDetails: {
      builder: { id: contract.signing.builder },
      ...(Object.keys(metadata).length > 0 && { metadata }),
    },
  })
}

type Pinned = { readonly reference: string; readonly digest: Digest }

/** Images in the order of the lock; extensions are those of the variant, overlays those of the contract. */
function upstreamImages(lock: Lock, contract: Contract, variant: string): readonly Pinned[] {
  const wanted = contract.variants[variant]?.extensions ?? []
  const extensions = (lock.extensions ?? []).filter(({ name }) => wanted.includes(name))
  const boards = new Set((contract.overlays ?? []).map(({ name }) => name))
  const overlays = (lock.overlays ?? []).filter(({ name }) => boards.has(name))
  const { installerBase, imager, kernelImage, installer, catalogue } = lock
  return [installerBase, imager, kernelImage, installer, catalogue, ...extensions, ...overlays].flatMap((image) =>
    image === undefined ? [] : [{ reference: image.reference, digest: image.digest as Digest }],
  )
}

/**
 * `pkg:oci/name@sha256%3A…?repository_url=…&tag=…`:
 * https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
 */
function packageUrl(reference: string, digest: Digest): string {
  const { repository, name, tag } = splitImageName(reference)
  const tagged = tag === undefined ? '' : `&tag=${encodeURIComponent(tag)}`
  return `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${repository}${tagged}`
}

export function toStatement(
  digest: Digest,
  predicateType: string,
  predicate: unknown,
  subject: Omit<Subject, 'digest'> = {},
): Statement {
  return { _type: STATEMENT_V1, subject: [{ digest: toDigestSet(digest), ...subject }], predicateType, predicate }
}

function toDigestSet(digest: Digest): Readonly<Record<string, string>> {
  return { [algorithmOf(digest)]: encodedPart(digest) }
}
