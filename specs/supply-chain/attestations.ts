// Attested documents, as far as the rules look at them.
import { HarnessError } from '#harness/errors.ts'
import { parseJson } from '#harness/oci/image/schemas.ts'
import type { Attachment } from '#harness/signing/attachments.ts'
import { parseProvenance, SLSA_V02, SLSA_V1 } from '#harness/signing/provenance.ts'
import { parseSummary, type VerificationSummary } from '#harness/signing/summary.ts'
import type { Outcome } from '#harness/signing/verify.ts'
import { validOf } from './outcomes.ts'

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

/** Every verification summary that a trusted signer vouches for; one that cannot be read says nothing. */
export function summaries(outcomes: readonly Outcome[]): readonly VerificationSummary[] {
  return validOf(outcomes).flatMap(({ statement }) => {
    try {
      return (statement && parseSummary(statement)) ?? []
    } catch (error) {
      if (error instanceof HarnessError) return []
      throw error
    }
  })
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
