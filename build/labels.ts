// The labels of OCI-009: https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
import type { Digest } from '#harness/bytes/digest.ts'
import { LOCK_LABEL, type Contract } from '#specs/contract/contract.ts'
import type { PinnedImage } from './upstream/upstream.ts'

export type LabelFacts = {
  readonly contract: Pick<Contract, 'labels'>
  readonly variant: string
  readonly version: string
  readonly revision: string
  readonly base: PinnedImage
  /** Digest of the lock's canonical bytes. */
  readonly lockDigest: Digest
}

export function toLabels(facts: LabelFacts): Readonly<Record<string, string>> {
  const { labels } = facts.contract
  return {
    'org.opencontainers.image.title': labels.title,
    'org.opencontainers.image.description': labels.description,
    'org.opencontainers.image.source': labels.source,
    'org.opencontainers.image.revision': facts.revision,
    'org.opencontainers.image.version': facts.version,
    'org.opencontainers.image.base.name': facts.base.reference,
    'org.opencontainers.image.base.digest': facts.base.digest,
    [labels.variant]: facts.variant,
    [LOCK_LABEL]: facts.lockDigest,
  }
}
