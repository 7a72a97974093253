import type { TestCase, TestModule } from 'vitest/node'
import { describe, expect, it } from 'vitest'
import { createObserver } from './reporter.ts'

type Result = { readonly state: string; readonly errors?: readonly object[] }

const requirement = { id: 'UKI-001' }
const META = { requirement, line: 12, candidate: 'a', part: 'installer' }

function testCase(result: Result, meta: object = META, more: object = {}): TestCase {
  return {
    meta: () => meta,
    result: () => result,
    diagnostic: () => ({ duration: 1.6 }),
    module: { moduleId: '/root/specs/uki/x.spec.ts' },
    ...more,
  } as unknown as TestCase
}

function observe(...cases: readonly TestCase[]): ReturnType<ReturnType<typeof createObserver>['observed']> {
  const observer = createObserver('/root')
  for (const one of cases) void observer.onTestCaseResult?.(one)
  return observer.observed()
}

describe('createObserver', () => {
  it('records whose rule ran, where it is and how long it took', () => {
    expect(observe(testCase({ state: 'passed' }))).toEqual({
      observations: [
        {
          candidate: 'a',
          part: 'installer',
          id: 'UKI-001',
          state: 'passed',
          errors: [],
          durationMs: 2,
          spec: 'specs/uki/x.spec.ts:12',
        },
      ],
      runErrors: [],
    })
  })

  it('does without a line and a duration that vitest does not know', () => {
    const bare = testCase({ state: 'skipped' }, { ...META, line: undefined }, { diagnostic: () => undefined })
    expect(observe(bare).observations[0]).toMatchObject({ spec: 'specs/uki/x.spec.ts', durationMs: 0 })
  })

  it('passes over a test that judges no candidate', () => {
    const others = [{}, { requirement }, { requirement, candidate: 'a' }].map((meta) =>
      testCase({ state: 'passed' }, meta),
    )
    expect(observe(...others).observations).toEqual([])
  })

  it('takes an error with its code and its place', () => {
    const error = {
      name: 'FormatError',
      message: 'cpio: no',
      code: 'TRUNCATED',
      at: { path: 'x', offset: 3 },
      stack: '…',
    }
    const [observation] = observe(testCase({ state: 'failed', errors: [error] })).observations
    expect(observation?.errors).toEqual([
      { name: 'FormatError', message: 'cpio: no', code: 'TRUNCATED', at: { path: 'x', offset: 3 }, assertion: false },
    ])
  })

  it('takes an expectation with both its sides, and where it looked', () => {
    const error = { name: 'AssertionError', message: 'expected 1 to be 2', expected: '2', actual: '1', code: 7 }
    const [observation] = observe(
      testCase({ state: 'failed', errors: [error, {}] }, { ...META, where: { path: 'vmlinuz.efi' } }),
    ).observations
    expect(observation).toMatchObject({ where: { path: 'vmlinuz.efi' } })
    expect(observation?.errors).toEqual([
      { name: 'AssertionError', message: 'expected 1 to be 2', expected: '2', got: '1', assertion: true },
      { name: 'Error', message: '', assertion: false },
    ])
  })

  it('takes findings, each with its place, for the expectation that there are none', () => {
    const error = {
      name: 'AssertionError',
      message: 'expected [ …(2) ] to deeply equal []',
      expected: '[]',
      actual: '…',
    }
    const findings = [
      { at: { path: 'a.yaml', line: 1, column: 2 }, message: 'one', expected: 'x', got: 'y' },
      { at: { path: 'a.yaml', line: 3, column: 4 }, message: 'two' },
    ]
    const cases = [
      testCase({ state: 'failed', errors: [error, { name: 'Error', message: 'no' }] }, { ...META, findings }),
      testCase({ state: 'failed', errors: [error] }, { ...META, findings: [] }),
    ]
    const [found, none] = observe(...cases).observations
    expect(found?.errors).toEqual([
      ...findings.map((finding) => ({ name: 'AssertionError', ...finding, assertion: true })),
      { name: 'Error', message: 'no', assertion: false },
    ])
    expect(none?.errors.map(({ message }) => message)).toEqual([error.message])
  })

  it('takes notes of a test that passed', () => {
    const note = { at: { path: 'a.yaml', line: 1, column: 2 }, message: 'mind this', kind: 'note' }
    const [observation] = observe(testCase({ state: 'passed' }, { ...META, notes: [note] })).observations
    expect(observation?.notes).toEqual([{ at: note.at, message: 'mind this' }])
  })

  it('reports what failed outside of a test as a run error, each once', () => {
    const observer = createObserver('/root')
    const broken = { moduleId: '/root/specs/x.spec.ts', errors: () => [{ message: 'no such module' }] }
    const error = { name: 'Error', message: 'late' }
    void observer.onTestRunEnd?.([broken as unknown as TestModule], [error, error], 'interrupted')
    expect(observer.observed().runErrors).toEqual([
      'specs/x.spec.ts did not load: no such module',
      'unhandled: late',
      'the run was interrupted',
    ])
  })

  it('has no run error with a run that merely failed', () => {
    const observer = createObserver('/root')
    void observer.onTestRunEnd?.([], [], 'failed')
    expect(observer.observed()).toEqual({ observations: [], runErrors: [] })
  })
})
