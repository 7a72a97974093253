// Failures of blobs of a registry, as data: found once with the network, reported again without it.
import { FormatError, IntegrityError, NotFoundError, type Location } from '../../errors.ts'

export type BlobFailure = { readonly message: string; readonly at?: Location | undefined } & (
  | { readonly kind: 'missing'; readonly code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN' }
  | { readonly kind: 'tooBig' }
  | {
      readonly kind: 'other'
      readonly code: IntegrityError['code']
      readonly got: string | number
      readonly want: string | number
      readonly bytesRead: number
    }
)

/** By `registry/repository@digest`. */
export type BlobFailures = Readonly<Record<string, BlobFailure>>

/** Undefined for what says nothing about the image: a registry that cannot be reached, a full disk. */
export function toFailure(error: unknown): BlobFailure | undefined {
  if (error instanceof NotFoundError && error.code !== 'REFERRER_MISSING')
    return { kind: 'missing', code: error.code, message: error.message, at: error.at }
  if (error instanceof IntegrityError) {
    const { code, message, at, got, want, bytesRead } = error
    return { kind: 'other', code, message, at, got, want, bytesRead }
  }
  if (error instanceof FormatError && error.code === 'LIMIT_EXCEEDED')
    return { kind: 'tooBig', message: error.message, at: error.at }
  return undefined
}

export function fromFailure(failure: BlobFailure): Error {
  const { message, at } = failure
  switch (failure.kind) {
    case 'missing':
      return new NotFoundError(failure.code, message, { at })
    case 'other': {
      const { got, want, bytesRead } = failure
      return new IntegrityError(failure.code, message, { at, got, want, bytesRead })
    }
    case 'tooBig':
      return new FormatError('registry', 'LIMIT_EXCEEDED', message.replace(/^registry: /, ''), { at })
  }
}
