import { describe, expect, it, vi } from 'vitest'
import { NotFoundError, RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { BusyError, parseRetryAfter, withRetry } from './retry.ts'

const POLICY = { retries: 3, firstDelayMs: 1, longestDelayMs: 4, budgetMs: 500 }
const temporary = (): RegistryError => new RegistryError('REGISTRY_UNAVAILABLE', 'expected it now', { temporary: true })

/** Fails with each of `errors` in turn, then gives 'done'. */
function failing(...errors: readonly Error[]) {
  const left = [...errors]
  return vi.fn(async () => {
    const error = left.shift()
    if (error !== undefined) throw error
    return 'done'
  })
}

describe('withRetry', () => {
  it('tries again while it is only busy', async () => {
    const action = failing(temporary(), temporary())
    expect(await withRetry(action, POLICY, undefined)).toBe('done')
    expect(action).toHaveBeenCalledTimes(3)
  })

  it('gives up after its retries', async () => {
    const action = failing(...Array.from({ length: 9 }, temporary))
    await expectCode(() => withRetry(action, POLICY, undefined), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(action).toHaveBeenCalledTimes(4)
  })

  it('waits as long as it is asked to', async () => {
    const action = failing(new BusyError(60, 'busy', {}))
    const started = performance.now()
    expect(await withRetry(action, POLICY, undefined)).toBe('done')
    expect(performance.now() - started).toBeGreaterThan(55)
  })

  it('does not wait beyond its budget', async () => {
    const action = failing(new BusyError(3_600_000, 'busy', {}))
    await expectCode(() => withRetry(action, POLICY, undefined), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(action).toHaveBeenCalledTimes(1)
  })

  it('asks a closed port three times only', async () => {
    const cause = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
    const refused = (): RegistryError =>
      new RegistryError('REGISTRY_UNAVAILABLE', 'nobody', { temporary: true, cause: new AggregateError([cause]) })
    const action = failing(refused(), refused(), refused(), refused())
    await expectCode(
      () => withRetry(action, { ...POLICY, retries: 9 }, undefined),
      RegistryError,
      'REGISTRY_UNAVAILABLE',
    )
    expect(action).toHaveBeenCalledTimes(3)
  })

  it('does not try again what will not change', async () => {
    const action = failing(new NotFoundError('BLOB_UNKNOWN', 'none'))
    await expectCode(() => withRetry(action, POLICY, undefined), NotFoundError, 'BLOB_UNKNOWN')
    expect(action).toHaveBeenCalledTimes(1)
  })

  it('ends a wait when it is told to', async () => {
    const stop = new AbortController()
    const action = failing(new BusyError(400, 'busy', {}))
    const running = withRetry(action, POLICY, stop.signal)
    setTimeout(() => stop.abort(new Error('stop')), 20)
    await expect(running).rejects.toThrow('stop')
  })
})

describe('parseRetryAfter', () => {
  const now = Date.parse('Mon, 23 Nov 2026 05:00:00 GMT')
  it.each([
    ['0', 0],
    ['17', 17_000],
    ['Mon, 23 Nov 2026 05:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 04:00:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['9999999999', undefined],
    ['soon', undefined],
    ['2026-11-23', undefined],
  ])('reads %s', (text, expected) => {
    expect(parseRetryAfter(text, now)).toBe(expected)
  })
})
