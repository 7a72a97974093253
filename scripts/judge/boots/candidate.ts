// A start of an image as a candidate: what its console shows, and what the image lists.
import type { ConsoleBoot } from '#harness/talos/boot/console.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { ObservedBoot } from '#specs/support/boot/rule.ts'
import type { Candidate } from '../candidates/candidates.ts'
import type { BootSummary } from '../verdict/conformance.ts'

export type BootTerms = {
  /** The image, as it was named. */
  readonly reference: string
  readonly digest?: string | undefined
  /** The variant that the label of the image names; no rule asks for it. */
  readonly variant?: string | undefined
  readonly contract: Contract
  readonly by: BootSummary['by']
}

/** An image that says no variant is judged as this one. */
const NO_VARIANT = 'any variant'

export function bootCandidate(boot: ObservedBoot, key: string, terms: BootTerms): Candidate {
  const { reference, digest, variant = NO_VARIANT, contract, by } = terms
  const { talos } = boot
  return {
    key,
    reference,
    variant,
    references: {},
    parts: { boot: { image: false } },
    targets: ['boot'],
    boot,
    bootSummary: summarize(boot, by),
    pinned: false,
    contract,
    ...(digest !== undefined && { digest }),
    ...(talos !== undefined && { claimedTalos: talos }),
  }
}

function summarize({ console: { boots, where, lines }, end }: ObservedBoot, by: BootSummary['by']): BootSummary {
  const last = boots.at(-1)
  return {
    console: where.path ?? '',
    by,
    end: end.kind,
    ...('seconds' in end && { seconds: end.seconds }),
    lines,
    ...(last?.talos !== undefined && { talos: last.talos.text }),
    reached: reachedBy(last),
  }
}

function reachedBy(boot: ConsoleBoot | undefined): BootSummary['reached'] {
  if (boot === undefined) return 'nothing'
  if (boot.executing !== undefined) return '/sbin/init'
  if (boot.entering !== undefined) return 'rootfs'
  return boot.talos === undefined ? 'kernel' : 'initramfs'
}
