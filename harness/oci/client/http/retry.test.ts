import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NotFoundError, RegistryError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { BusyError, parseRetryAfter, withRetry } from './retry.ts'

/** Seconds rather than milliseconds: real time that passes beside the fake clock must not count as a wait. */
const POLICY = { retries: 3, firstDelayMs: 1_000, longestDelayMs: 4_000, budgetMs: 500_000 }
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
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** Starts `withRetry` and lets the clock run until it has ended; `waitedMs` is what the clock says then. */
  async function run(
    action: () => Promise<string>,
    policy = POLICY,
  ): Promise<{ readonly waitedMs: number; readonly result: () => Promise<string> }> {
    const started = performance.now()
    const running = withRetry(action, policy, undefined)
    // At once, for other timers of this thread run on the same clock.
    const now = (): number => performance.now()
    const settled = running.then(now, now)
    await vi.runAllTimersAsync()
    return { waitedMs: (await settled) - started, result: () => running }
  }

  it('tries again while it is only busy, after twice as long each time and up to twice that', async () => {
    const action = failing(temporary(), temporary(), temporary())
    const running = withRetry(action, POLICY, undefined)
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 4_000 - 1)
    expect(action.mock.calls.length).toBeLessThan(4)
    await vi.advanceTimersByTimeAsync(2_000 + 4_000 + 4_000 - 6_999)
    expect(action).toHaveBeenCalledTimes(4)
    expect(await running).toBe('done')
  })

  it('gives up after its retries', async () => {
    const action = failing(...Array.from({ length: 9 }, temporary))
    const { result } = await run(action)
    await expectCode(result, RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(action).toHaveBeenCalledTimes(4)
  })

  it('waits as long as the registry asks', async () => {
    const action = failing(new BusyError(60_000, 'busy', {}))
    const running = withRetry(action, POLICY, undefined)
    await vi.advanceTimersByTimeAsync(59_999)
    expect(action).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(action).toHaveBeenCalledTimes(2)
    expect(await running).toBe('done')
  })

  it('does not wait beyond its budget', async () => {
    const action = failing(new BusyError(3_600_000, 'busy', {}))
    const { waitedMs, result } = await run(action)
    await expectCode(result, RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(action).toHaveBeenCalledTimes(1)
    expect(waitedMs).toBe(0)
  })

  it('asks a closed port three times only', async () => {
    const cause = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
    const refused = (): RegistryError =>
      new RegistryError('REGISTRY_UNAVAILABLE', 'no answer', { temporary: true, cause: new AggregateError([cause]) })
    const action = failing(refused(), refused(), refused(), refused())
    const { result } = await run(action, { ...POLICY, retries: 9 })
    await expectCode(result, RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(action).toHaveBeenCalledTimes(3)
  })

  it('does not try again what will not change', async () => {
    const action = failing(new NotFoundError('BLOB_UNKNOWN', 'none'))
    const { result } = await run(action)
    await expectCode(result, NotFoundError, 'BLOB_UNKNOWN')
    expect(action).toHaveBeenCalledTimes(1)
  })

  it('ends a wait as soon as the signal is aborted', async () => {
    const stop = new AbortController()
    const action = failing(new BusyError(400_000, 'busy', {}))
    const running = withRetry(action, POLICY, stop.signal)
    const ended = running.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(20_000)
    stop.abort(new Error('stop'))
    expect(await ended).toEqual(new Error('stop'))
    expect(action).toHaveBeenCalledTimes(1)
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
