// Documents that are published beside an image, about its digest: signature, provenance, bill of materials, and the
// verdict on it.
import { parseJson } from '#harness/oci/image/schemas.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import {
  attestationManifest,
  documentManifest,
  legacyAttestationManifest,
  legacySignatureManifest,
  type PushManifest,
} from '../signing/artifacts.ts'
import { IN_TOTO_PAYLOAD, type Signer } from '../signing/signer.ts'
import {
  provenanceStatement,
  signatureStatement,
  spdxStatement,
  textStatement,
  type ProvenanceInputs,
} from '../signing/statements.ts'
import { summaryStatement, type SummaryInputs } from '../signing/summary.ts'
import type { LayoutImage } from './variant-layout.ts'

const SPDX_TYPE = 'application/spdx+json'
/** A report/conformance.json; its schema is specs/contract/schemas/report.schema.json. */
export const CONFORMANCE_TYPE = 'application/vnd.cozystack.talos.conformance.v1+json'

/** The variant of an image, and the registry and repository that it is published in. */
export type AttachPlace = { readonly variant: string; readonly repository: string }

export type Evidence = Pick<ProvenanceInputs, 'source' | 'gate' | 'invocation' | 'startedOn'> & {
  /** When it was judged, and by which version of this project; undefined where nothing was, and nothing is said of it. */
  readonly judged: SummaryInputs['judged'] | undefined
  readonly contract: Contract
  readonly lock: Lock & { readonly talos: string }
  /** The signer; undefined where nothing is signed. */
  readonly signer: Signer | undefined
  /** The bill of materials of an image, SPDX in JSON; undefined for one that cannot be read. */
  readonly sbom: (image: LayoutImage, place: AttachPlace) => Promise<Uint8Array | undefined>
  /** The report that the image is published on; undefined where there is none. */
  readonly conformance: Uint8Array | undefined
  /**
   * True if cosign's tags carry all of it, for a registry that takes no manifest with a subject or an artifact type.
   * What is not signed has no place there, and is not attached.
   */
  readonly tagsOnly?: boolean
}

/**
 * In the order in which they are pushed: the signature's tag last, by which a rerun knows that an image has all of
 * them. `repository` is the registry and its repository. SigningError.
 */
export async function makeAttachments(
  image: LayoutImage,
  { variant, repository }: AttachPlace,
  evidence: Evidence,
): Promise<readonly PushManifest[]> {
  const { signer, conformance } = evidence
  const { descriptor } = image
  const { digest } = descriptor
  const spdx = await evidence.sbom(image, { variant, repository })
  const { judged } = evidence
  const summary = judged === undefined ? [] : [summaryStatement({ ...evidence, judged, digest, repository })]
  const bill = spdx === undefined ? [] : [spdxStatement(digest, parseJson(spdx, 'spdx', {}))]
  const provenance = provenanceStatement({ ...evidence, digest, variant, finishedOn: new Date() })
  if (evidence.tagsOnly === true) {
    if (signer === undefined) return []
    const statements = [
      provenance,
      ...summary,
      ...bill,
      ...(conformance === undefined ? [] : [textStatement(digest, Buffer.from(conformance).toString())]),
    ]
    return [
      await legacyAttestationManifest(descriptor, statements, signer),
      await legacySignatureManifest(descriptor, repository, signer),
    ]
  }
  const verdict =
    conformance === undefined
      ? []
      : [documentManifest(descriptor, { artifactType: CONFORMANCE_TYPE, bytes: conformance })]
  if (signer === undefined)
    return [
      ...[provenance, ...summary].map((statement) =>
        documentManifest(descriptor, {
          artifactType: IN_TOTO_PAYLOAD,
          bytes: Buffer.from(JSON.stringify(statement)),
          annotations: { 'in-toto.io/predicate-type': statement.predicateType },
        }),
      ),
      ...(spdx === undefined ? [] : [documentManifest(descriptor, { artifactType: SPDX_TYPE, bytes: spdx })]),
      ...verdict,
    ]
  return [
    await attestationManifest(descriptor, signatureStatement(digest), signer),
    ...(await Promise.all(
      [provenance, ...summary, ...bill].map((statement) => attestationManifest(descriptor, statement, signer)),
    )),
    ...verdict,
    await legacySignatureManifest(descriptor, repository, signer),
  ]
}
