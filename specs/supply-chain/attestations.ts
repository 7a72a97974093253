// Attested documents, as far as the rules look at them.
import { HarnessError } from '#harness/errors.ts'
import { parseJson } from '#harness/oci/image/schemas.ts'
import type { Attachment } from '#harness/signing/attachments.ts'
import { parseProvenance, SLSA_V02, SLSA_V1 } from '#harness/signing/provenance.ts'
import { isSummaryType, readSummary, type SummaryReading, type VerificationSummary } from '#harness/signing/summary.ts'
import type { Outcome } from '#harness/signing/outcome.ts'
import { throwUnknown, validOf } from './outcomes.ts'

export type FoundProvenance = {
  readonly builder: string
  readonly sources: readonly { readonly uri: string; readonly commit: string }[]
}

/** https://spdx.github.io/spdx-spec/v2.3/using-SPDX-tools-and-libraries/ and in-toto's predicate for it. */
const SPDX_PREDICATE = 'https://spdx.dev/Document'
/** The limits of an attachment; see attachments.ts. */
const MAX_SPDX_BYTES = 24 << 20
const SPDX_TYPES: readonly string[] = ['application/spdx+json', 'text/spdx+json']

/** Every provenance that a trusted signer vouches for; one that cannot be read says nothing. */
export function provenances(outcomes: readonly Outcome[]): readonly FoundProvenance[] {
  return validOf(outcomes).flatMap(({ statement }) => {
    if (statement === undefined || ![SLSA_V1, SLSA_V02].includes(statement.predicateType)) return []
    try {
      const { builder, sources } = parseProvenance(statement)
      return [{ builder, sources: sources.map(({ uri, commit }) => ({ uri: withoutScheme(uri), commit })) }]
    } catch (error) {
      if (error instanceof HarnessError) return []
      throw error
    }
  })
}

export type FoundSummary = VerificationSummary & { readonly result: unknown }

/** Every verification summary of a known version that a trusted signer vouches for, and that is well formed. */
export function summaries(outcomes: readonly Outcome[]): readonly FoundSummary[] {
  return validOf(outcomes).flatMap(({ statement }) => {
    const reading = statement && readSummary(statement)
    return reading === undefined || reading.rest instanceof HarnessError
      ? []
      : [{ ...reading.rest, result: reading.result }]
  })
}

/** `attestation` is the digest of its manifest; `because` says what is wrong with it, where it is not well formed. */
export type Unpassed = { readonly attestation?: string; readonly result?: unknown; readonly because?: string }

/**
 * Every verification summary by a trusted signer that does not say, to every reader, that the image passed: it says
 * something else, lacks what a summary has, or cannot be read. Throws where none does, and one cannot be decided.
 */
export function unpassed(outcomes: readonly Outcome[]): readonly Unpassed[] {
  const found = outcomes.flatMap((one): readonly Unpassed[] => {
    const { digest } = one.attachment.at
    const attestation = digest === undefined ? {} : { attestation: digest }
    if (one.outcome !== 'valid')
      return one.outcome === 'invalid' && one.signer !== undefined && one.error.code !== 'SUBJECT' && maySummarize(one)
        ? [{ ...attestation, because: one.error.message }]
        : []
    const reading = one.statement && readSummary(one.statement)
    if (reading === undefined || isUndecided(reading)) return []
    const { result, rest } = reading
    const isMalformed = rest instanceof HarnessError && rest.code !== 'UNSUPPORTED'
    if (isMalformed) return [{ ...attestation, result, because: rest.message }]
    return result === 'PASSED' ? [] : [{ ...attestation, result }]
  })
  if (found.length === 0) throwUndecided(outcomes)
  return found
}

function throwUndecided(outcomes: readonly Outcome[]): void {
  throwUnknown(outcomes.filter((one) => one.outcome === 'unknown' && maySummarize(one)))
  for (const { statement } of validOf(outcomes)) {
    const reading = statement && readSummary(statement)
    if (reading !== undefined && isUndecided(reading)) throw reading.rest
  }
}

/** True for a version that may have its result elsewhere. */
function isUndecided(reading: SummaryReading): reading is SummaryReading & { readonly rest: HarnessError } {
  return reading.result === undefined && reading.rest instanceof HarnessError && reading.rest.code === 'UNSUPPORTED'
}

/** True for what claims to be a summary, and for a statement by a trusted signer whose kind cannot be read. */
function maySummarize({ attachment, predicateType, signer }: Exclude<Outcome, { outcome: 'valid' }>): boolean {
  if (predicateType !== undefined) return isSummaryType(predicateType)
  return signer !== undefined && attachment.kind !== 'legacy-signature'
}

/** `git+https://github.com/you/repo@refs/heads/main` is `https://github.com/you/repo`. */
function withoutScheme(uri: string): string {
  return uri
    .replace(/^git\+/, '')
    .replace(/@refs\/.*$/, '')
    .replace(/\.git$/, '')
}

/** The versions of the SPDX documents that are attested or attached. */
export function findSpdx(outcomes: readonly Outcome[], attachments: readonly Attachment[]): readonly string[] {
  const attested = validOf(outcomes)
    .filter(({ statement }) => statement?.predicateType.startsWith(SPDX_PREDICATE) === true)
    .map(({ statement }) => versionOf(statement?.predicate))
  const attached = attachments
    .filter(({ kind, mediaType }) => kind === 'document' && SPDX_TYPES.includes(mediaType))
    .map(({ bytes }) => versionOf(documentIn(bytes)))
  return [...attested, ...attached]
}

function versionOf(document: unknown): string {
  if (typeof document !== 'object' || document === null || !('spdxVersion' in document)) return 'no SPDX document'
  return String(document.spdxVersion)
}

function documentIn(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, 'spdx', {}, { maxBytes: MAX_SPDX_BYTES })
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}
