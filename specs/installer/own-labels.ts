// The labels that an image of one's own has beside those of installer-base: OCI-009 demands them of a release.
import { LOCK_LABEL, type Contract } from '../contract/contract.ts'
import { lockDigest, type Lock } from '../contract/lock.ts'

const OCI = 'org.opencontainers.image'
/** A commit, or that there is none: a build outside of any repository. */
const REVISION = /^([0-9a-f]{40}|none)$/

export type LabelQuestion = {
  readonly contract: Pick<Contract, 'labels'>
  readonly lock: Lock
  readonly variant: string
}

/** Name → value, or what the value must match. */
export function ownLabels({ contract, lock, variant }: LabelQuestion): Readonly<Record<string, string | RegExp>> {
  const { title, description, source, variant: variantLabel } = contract.labels
  return {
    [`${OCI}.title`]: title,
    [`${OCI}.description`]: description,
    [`${OCI}.source`]: source,
    [`${OCI}.revision`]: REVISION,
    ...(lock.talos !== undefined && { [`${OCI}.version`]: lock.talos }),
    ...(lock.installerBase !== undefined && {
      [`${OCI}.base.name`]: lock.installerBase.reference,
      [`${OCI}.base.digest`]: lock.installerBase.digest,
    }),
    [variantLabel]: variant,
    [LOCK_LABEL]: lockDigest(lock),
  }
}
