// What a report of vitest says failed, in the lines that stand above CI's counts: its own output is thousands of lines earlier.
import { relative } from 'node:path'
import { ROOT } from '../root.ts'

const LINES_OF_A_MESSAGE = 12
/** Vitest's report has nothing of a hook that fails. */
const OF_A_HOOK = 'no test began: a hook failed; its error is in the output of the run above'

type Test = { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }
type File = {
  readonly name: string
  readonly status: string
  readonly message: string
  readonly assertionResults: readonly Test[]
}

const indented = (message: string): string => {
  const lines = message.trimEnd().split('\n')
  const more = lines.length > LINES_OF_A_MESSAGE ? [`… ${lines.length - LINES_OF_A_MESSAGE} more lines`] : []
  return [...lines.slice(0, LINES_OF_A_MESSAGE), ...more].map((line) => `    ${line}\n`).join('')
}

/** A paragraph for each failed test, file and name first; a file that did not load has one of its own. */
export function failuresOf(report: unknown): readonly string[] {
  const { testResults = [] } = report as { testResults?: readonly File[] }
  return testResults.flatMap((file) => {
    const name = relative(ROOT, file.name)
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    if (failed.length === 0) return file.status === 'failed' ? [`${name}\n${indented(file.message || OF_A_HOOK)}`] : []
    return failed.map((test) => `${name} > ${test.fullName}\n${indented(test.failureMessages.join('\n'))}`)
  })
}
