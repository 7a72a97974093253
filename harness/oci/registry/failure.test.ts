import { describe, expect, it } from 'vitest'
import { FormatError, IntegrityError, NotFoundError, RegistryError } from '../../errors.ts'
import { fromFailure, toFailure } from './failure.ts'

describe('failures', () => {
  it('say what an image is, and nothing else', () => {
    const integrity = new IntegrityError('SIZE_MISMATCH', 'm', { at: { path: 'x' }, got: 1, want: 2, bytesRead: 3 })
    for (const error of [
      integrity,
      new NotFoundError('BLOB_UNKNOWN', 'm'),
      new FormatError('registry', 'LIMIT_EXCEEDED', 'm'),
    ]) {
      const failure = toFailure(error)
      expect(failure && fromFailure(structuredClone(failure))).toEqual(error)
    }
    expect(toFailure(new RegistryError('REGISTRY_DENIED', 'm'))).toBeUndefined()
    expect(toFailure(new Error('disk full'))).toBeUndefined()
  })
})
