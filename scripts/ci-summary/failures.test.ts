import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import { failuresOf } from './failures.ts'

const file = (name: string, status: string, message: string, assertionResults: readonly unknown[]): unknown => ({
  name: join(ROOT, name),
  status,
  message,
  assertionResults,
})

test('a failed test is named with its file, and its message is cut after twelve lines', () => {
  const message = Array.from({ length: 14 }, (_, index) => `line ${index + 1}`).join('\n')
  const failed = { status: 'failed', fullName: 'a cache keeps', failureMessages: [message] }
  const passed = { status: 'passed', fullName: 'a cache drops', failureMessages: [] }

  const [paragraph, ...rest] = failuresOf({ testResults: [file('scripts/a.test.ts', 'failed', '', [passed, failed])] })

  expect(rest).toEqual([])
  expect(paragraph?.split('\n').slice(0, 2)).toEqual(['scripts/a.test.ts > a cache keeps', '    line 1'])
  expect(paragraph).toMatch(/ {4}line 12\n {4}… 2 more lines\n$/)
})

test('a file that did not load is named with its reason', () => {
  expect(failuresOf({ testResults: [file('scripts/b.test.ts', 'failed', 'SyntaxError: no', [])] })).toEqual([
    'scripts/b.test.ts\n    SyntaxError: no\n',
  ])
})

test('a file whose hook failed, of which the report has no reason, is named with where that is', () => {
  const skipped = { status: 'skipped', fullName: 'd', failureMessages: [] }
  expect(failuresOf({ testResults: [file('scripts/d.test.ts', 'failed', '', [skipped])] })).toEqual([
    expect.stringMatching(/^scripts\/d\.test\.ts\n {4}no test began: a hook failed; [^\n]+ above\n$/),
  ])
})

test('a green report names nothing', () => {
  expect(
    failuresOf({
      testResults: [
        file('scripts/c.test.ts', 'passed', '', [{ status: 'passed', fullName: 'c', failureMessages: [] }]),
      ],
    }),
  ).toEqual([])
})
