// The input that the command line hands to the spec files, through vitest's `provide`.
import type { BudgetLimits } from '#harness/budget.ts'
import type { Location } from '#harness/errors.ts'
import type { Reference } from '#harness/oci/image/reference.ts'
import type { Answers } from '#harness/oci/cache/names.ts'
import type { BlobFailures } from '#harness/oci/registry/failure.ts'
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import type { ObservedNode } from '#harness/talos/node/observed.ts'
import type { ConfigFinding, ImageBeside } from './config-rule.ts'
import type { ObservedBoot } from './boot/rule.ts'
import type { JudgedImage } from './node/rule.ts'
import type { Advisory } from '../contract/advisories.ts'
import type { Contract } from '../contract/contract.ts'
import type { Lock } from '../contract/lock.ts'
import type { Part } from '../contract/tags.ts'
import type { CandidateTargets, JudgedPart } from './applicability.ts'

export type CandidateInput = CandidateTargets & {
  /** Identity inside one run. */
  readonly key: string
  readonly variant: string
  readonly references: Readonly<Partial<Record<Part, Reference>>>
  /** The part `config`: what the machine configuration says, and its files. */
  readonly config?: {
    readonly facts: MachineConfigFacts
    readonly files: readonly { readonly path: string; readonly sha256: string }[]
    /** The Talos tag that it is said to be for. */
    readonly target?: string
    /** Addresses by which a tool reaches the node, beside those that the configuration gives it. */
    readonly reachedBy?: readonly string[]
    /** The image that it is judged beside. */
    readonly beside?: ImageBeside
  }
  /** The part `node`: what a running node says, and the image that was judged for it. */
  readonly node?: { readonly observed: ObservedNode; readonly judged?: JudgedImage }
  /** The part `boot`: what a console shows of a start of the image. */
  readonly boot?: ObservedBoot
  /** Keys of the variants of a release, or of the nodes of a project. */
  readonly members?: readonly string[]
  readonly contract: Contract
  /** The lock; undefined when nothing is pinned. */
  readonly lock?: Lock
  /** Known-bad releases and extensions; those that are shipped by default. */
  readonly advisories?: readonly Advisory[]
  /**
   * The image that the lock pins as the reference, or the reason that it is absent; undefined where no rule asks for
   * it.
   */
  readonly pinnedReference?: { readonly image: Reference } | { readonly reason: string }
}

export type RunInput = {
  readonly candidates: readonly CandidateInput[]
  /** The variants behind candidates of a whole release. */
  readonly members?: readonly CandidateInput[]
  /** The rules to judge, with those that they need; absent for all. */
  readonly selected?: readonly string[]
  /** True to list the requirements alone: nothing is opened, nothing runs. */
  readonly listing?: boolean
  /** Folder for decompressed bytes, and the cache of what came from registries. */
  readonly cacheFolder: string
  /** The limits of each reference; those of the harness where it is absent. */
  readonly limits?: BudgetLimits
  /** True to read the bytes of every part, whatever was found in the same bytes of another. */
  readonly fromBytes?: boolean
  /** True to believe what earlier runs of this user found in the same bytes, and to leave what this one finds. */
  readonly keepFacts?: boolean
  /** Counts, in its first number, the facts of earlier runs that were believed. */
  readonly believed?: Int32Array<SharedArrayBuffer>
  /** Failures of reading a candidate in a registry, and what it answered of names: all else is in the cache. */
  readonly registry?: { readonly failures: BlobFailures; readonly answers?: Answers | undefined }
  /** Text of the trusted_root.json that signatures are held against; absent for the packaged one. */
  readonly trustedRoot?: string
}

declare module 'vitest' {
  interface ProvidedContext {
    run: RunInput
    /** The name of the run, by which its thread receives what is to be judged. */
    name: string
  }
}

/** `entry`: of several that one rule may find, the one that a waiver can name. */
type Found = Pick<ConfigFinding, 'message' | 'expected' | 'got'> & { readonly at: Location; readonly entry?: string }

/** Meta of a registered test, read by the reporter. */
export type JudgementMeta = {
  /** The line of the spec file that states the rule, from 1. */
  readonly line?: number
  readonly candidate: string
  readonly part: JudgedPart
  /** The place of the last look: that of the failure when there is one. */
  where?: Location
  /** Findings, each with its place: reported one by one instead of the expectation that they fail. */
  findings?: readonly Found[]
  /** The extensions that the part lists, lowest first, for the reader of the verdict. */
  lists?: readonly { readonly name: string; readonly version: string }[]
  /** Notes, which break nothing. */
  notes?: readonly { readonly at: Location; readonly message: string }[]
}
