// The errors of the harness: a closed code for the gate, a location for the reader. Texts say what, expected, got.

/** The place in an image where something was found. `path` names members of members with `!`: `vmlinuz.efi!.initrd!0.sqsh`. */
export type Location = {
  readonly digest?: string | undefined
  readonly path?: string | undefined
  /** Byte offset from the start of what `path` (or `digest`) names. */
  readonly offset?: number | undefined
  /** JSON pointer inside a document. */
  readonly pointer?: string | undefined
  /** The place in a text, both from 1; a column is a UTF-16 unit. */
  readonly line?: number | undefined
  readonly column?: number | undefined
}

export type RegistryCode = 'REGISTRY_UNAVAILABLE' | 'REGISTRY_DENIED' | 'REGISTRY_PROTOCOL'
export type NotFoundCode = 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN' | 'REFERRER_MISSING'
export type IntegrityCode = 'DIGEST_MISMATCH' | 'SIZE_MISMATCH' | 'TRAILING_DATA'
export type FormatCode = 'TRUNCATED' | 'BAD_MAGIC' | 'UNSUPPORTED' | 'LIMIT_EXCEEDED' | 'MALFORMED'
export type VerificationCode = 'SIGNATURE' | 'IDENTITY' | 'SUBJECT' | 'TRUST_ROOT'
export type HarnessCode = RegistryCode | NotFoundCode | IntegrityCode | FormatCode | 'SCHEMA' | VerificationCode

export type ErrorOptions = { readonly at?: Location | undefined; readonly cause?: unknown }

/** Base of every error that the harness throws on purpose. */
export class HarnessError<Code extends HarnessCode = HarnessCode> extends Error {
  readonly code: Code
  readonly at: Location | undefined
  override name = 'HarnessError'

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.at = options.at
  }
}

/** A registry that cannot be reached, denies, or breaks the distribution protocol. `request` is a redacted URL. */
export class RegistryError extends HarnessError<RegistryCode> {
  override name = 'RegistryError'
  readonly status: number | undefined
  readonly request: string | undefined
  readonly temporary: boolean

  constructor(
    code: RegistryCode,
    message: string,
    options: ErrorOptions & { status?: number; request?: string; temporary?: boolean } = {},
  ) {
    super(code, message, options)
    this.status = options.status
    this.request = options.request
    this.temporary = options.temporary ?? false
  }
}

/** Something that a document names is not there. */
export class NotFoundError extends HarnessError<NotFoundCode> {
  override name = 'NotFoundError'
}

/** Bytes that are not the bytes their descriptor names. */
export class IntegrityError extends HarnessError<IntegrityCode> {
  override name = 'IntegrityError'
  readonly got: string | number
  readonly want: string | number
  readonly bytesRead: number

  constructor(
    code: IntegrityCode,
    message: string,
    options: ErrorOptions & { got: string | number; want: string | number; bytesRead: number },
  ) {
    super(code, message, options)
    this.got = options.got
    this.want = options.want
    this.bytesRead = options.bytesRead
  }
}

/** Bytes that break their format. `format` is its short name: `cpio`, `pe`, `zboot`, … */
export class FormatError extends HarnessError<FormatCode> {
  override name = 'FormatError'
  readonly format: string

  constructor(format: string, code: FormatCode, message: string, options: ErrorOptions = {}) {
    super(code, `${format}: ${message}`, options)
    this.format = format
  }
}

/** `path` is a JSON pointer; `at` the place in the text, where that is known. */
export type Issue = { readonly path: string; readonly message: string; readonly at?: Location }

/** A document that breaks its schema; all issues at once. */
export class SchemaError extends HarnessError<'SCHEMA'> {
  override name = 'SchemaError'
  readonly issues: readonly Issue[]

  constructor(document: string, issues: readonly Issue[], options: ErrorOptions = {}) {
    super(
      'SCHEMA',
      `${document}: ${issues.map((issue) => `${issue.path || '/'} ${issue.message}`).join('; ')}`,
      options,
    )
    this.issues = issues
  }
}

/** A signature, certificate, attestation or trust root that does not hold. */
export class VerificationError extends HarnessError<VerificationCode> {
  override name = 'VerificationError'
}

/** The message, and behind it in parentheses the place where there is one. */
export function describeError({
  message,
  at,
}: {
  readonly message: string
  readonly at?: Location | undefined
}): string {
  const where = formatLocation(at)
  return where === '' ? message : `${message} (${where})`
}

/** The value; undefined for what a reader refuses; what is no error of a reader is a bug and is thrown. */
export async function orAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HarnessError) return undefined
    throw error
  }
}

/** `digest sha256:… path usr/x!.initrd offset 0x40`, the one rendering of a location; '' when there is none. */
export function formatLocation(at: Location | undefined): string {
  if (at === undefined) return ''
  const parts: string[] = []
  const place = [at.line, at.column].filter((one) => one !== undefined).map((one) => `:${one}`)
  if (at.path !== undefined) parts.push((at.digest === undefined ? at.path : insideBlob(at.path)) + place.join(''))
  if (at.pointer !== undefined) parts.push(`at ${at.pointer === '' ? '/' : at.pointer}`)
  if (at.offset !== undefined) parts.push(`offset 0x${at.offset.toString(16)}`)
  if (at.digest !== undefined) parts.push(parts.length > 0 ? `in ${at.digest}` : at.digest)
  return parts.join(' ')
}

/** The file that a layer is stored in, which the digest names already, is left out of a path inside its tar. */
function insideBlob(path: string): string {
  const tar = path.indexOf('!tar!')
  return tar < 0 ? path : path.slice(tar + '!tar!'.length)
}
