// Expects a coded error: its class, its code, and a location.
import { expect } from 'vitest'
import { HarnessError, type HarnessCode } from '../errors.ts'

type ErrorClass = abstract new (...args: never[]) => HarnessError

/** Asserts that `action` throws or rejects with `Class` and `code`, and gives the error back for more expectations. */
export async function expectCode<E extends HarnessError = HarnessError>(
  action: () => unknown,
  Class: ErrorClass,
  code: HarnessCode,
): Promise<E> {
  const outcome = await settle(action)
  expect(outcome, `expected ${Class.name} ${code}, got a value`).toHaveProperty('thrown')
  const error = (outcome as { thrown: unknown }).thrown
  expect(error).toBeInstanceOf(Class)
  expect((error as HarnessError).code).toBe(code)
  return error as E
}

async function settle(action: () => unknown): Promise<{ value: unknown } | { thrown: unknown }> {
  try {
    return { value: await action() }
  } catch (thrown) {
    return { thrown }
  }
}
