// Failures of a registry's blobs and of what is asked beside them, as data: found once with the network, reported again without it.
import { FormatError, IntegrityError, NotFoundError, RegistryError, SchemaError, type Location } from '../../errors.ts'

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
  | { readonly kind: 'unanswered'; readonly code: RegistryError['code'] }
)

/**
 * Failures by `registry/repository@digest`; of what was asked beside the image, by a name with a word and a space
 * before.
 */
export type BlobFailures = Readonly<Record<string, BlobFailure>>

/**
 * The failure of an error; undefined for one that says nothing about the image: a registry that cannot be reached, a
 * full disk.
 */
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

/**
 * A question beside the image that was not answered, or not in a way that can be read, or not within the budget; undefined for
 * what is no failure of a registry.
 */
export function toUnanswered(error: unknown): BlobFailure | undefined {
  if (error instanceof FormatError || error instanceof SchemaError || error instanceof IntegrityError)
    return { kind: 'unanswered', code: 'REGISTRY_PROTOCOL', message: error.message, at: error.at }
  if (!(error instanceof RegistryError)) return undefined
  return { kind: 'unanswered', code: error.code, message: error.message, at: error.at }
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
    case 'unanswered':
      return new RegistryError(failure.code, message, { at })
    case 'tooBig':
      return new FormatError('registry', 'LIMIT_EXCEEDED', message.replace(/^registry: /, ''), { at })
  }
}
