// in-toto statements: https://github.com/in-toto/attestation/blob/v1.1.1/spec/v1/statement.md, and version 0.1.
import { z } from 'zod'
import { algorithmOf, encodedPart, type Digest } from '../bytes/digest.ts'
import { FormatError, VerificationError, type Location } from '../errors.ts'
import { readJson } from '../json/document.ts'
import { checkShape, parseJson } from '../oci/image/schemas.ts'

type StatementSubject = { readonly name?: string; readonly digest: Readonly<Record<string, string>> }

export type Statement = {
  /** `_type` */
  readonly type: string
  readonly subjects: readonly StatementSubject[]
  readonly predicateType: string
  readonly predicate: unknown
}

/** The predicate type of cosign's signatures of images in bundles. */
export const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1'
/** The media type of a statement in an envelope; nothing else in one says anything about an image. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json'

const VERSIONS: readonly string[] = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1']
/** The bill of materials of a root filesystem has a few MiB. */
const MAX_BYTES = 16 << 20
/** Provenance of a whole release names some dozens. */
const MAX_SUBJECTS = 1024

const statementSchema = z
  .looseObject({
    _type: z.string(),
    subject: z
      .array(z.looseObject({ name: z.string().nullish(), digest: z.record(z.string(), z.string()) }))
      .min(1)
      .max(MAX_SUBJECTS),
    predicateType: z.string().min(1),
    predicate: z.unknown(),
  })
  .transform(({ _type: type, subject, predicateType, predicate }): Statement => ({
    type,
    subjects: subject.map(({ name, digest }) => ({ ...(typeof name === 'string' && { name }), digest })),
    predicateType,
    predicate,
  }))

/**
 * FormatError `statement` MALFORMED for what is no JSON, LIMIT_EXCEEDED above 16 MiB, UNSUPPORTED for another version of
 * statements; SchemaError.
 */
export function parseStatement(bytes: Uint8Array, where: Location): Statement {
  const statement = checkShape(
    parseJson(bytes, 'statement', where, { maxBytes: MAX_BYTES, schema: statementSchema }),
    statementSchema,
    'statement',
    where,
  )
  const { type } = statement
  if (!VERSIONS.includes(type))
    throw new FormatError('statement', 'UNSUPPORTED', `expected _type ${VERSIONS.join(' or ')}, got ${quote(type)}`, {
      at: { ...where, pointer: '/_type' },
    })
  return statement
}

/**
 * The predicate type of a statement, whatever else is wrong with it; undefined where it says none, or one more than
 * once. FormatError as `parseStatement`.
 */
export function claimedType(bytes: Uint8Array, where: Location): string | undefined {
  const { value, problems } = readJson(bytes, 'statement', where, { maxBytes: MAX_BYTES })
  const isAmbiguous = problems.some(({ pointer }) => /^\/predicateType$/i.test(pointer))
  if (isAmbiguous || typeof value !== 'object' || value === null || !('predicateType' in value)) return undefined
  return typeof value.predicateType === 'string' ? value.predicateType : undefined
}

/** VerificationError SUBJECT where the image is not among the subjects. */
export function assertSubject({ subjects }: Statement, digest: Digest, where: Location): void {
  const algorithm = algorithmOf(digest)
  const isImage = ({ digest: named }: StatementSubject): boolean =>
    Object.hasOwn(named, algorithm) && named[algorithm] === encodedPart(digest)
  if (subjects.some(isImage)) return
  const [first] = subjects
  throw new VerificationError(
    'SUBJECT',
    `statement: expected the subject ${digest}, got ${quote(first?.digest[algorithm] ?? '')}`,
    { at: { ...where, pointer: '/subject' } },
  )
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 140))
}
