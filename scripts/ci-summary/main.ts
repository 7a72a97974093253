// The last lines of CI: the failed tests, then tests and rules, counted from the reports that the runs wrote.
// A report that is not there is red.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { failuresOf } from './failures.ts'

type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number }

async function read(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(ROOT, 'report', name), 'utf8')) as Record<string, unknown>
}

/** vitest's JSON reporter; a file that did not load has no tests but is a failed suite. */
async function fromVitest(name: string): Promise<Counts> {
  const report = (await read(name)) as Record<string, number>
  for (const failure of failuresOf(report)) process.stdout.write(`failed: ${failure}`)
  const failedTests = report['numFailedTests'] ?? 0
  return {
    passed: report['numPassedTests'] ?? 0,
    failed: failedTests === 0 ? (report['numFailedTestSuites'] ?? 0) : failedTests,
    skipped: (report['numPendingTests'] ?? 0) + (report['numTodoTests'] ?? 0),
  }
}

/** Rules of the main job: what does not apply is neither passed nor skipped. */
async function fromConformance(): Promise<Counts> {
  const { counts } = (await read('conformance.json')) as { counts: Record<string, number> }
  const of = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (counts[name] ?? 0), 0)
  return { passed: of('pass'), failed: of('fail', 'missing', 'inconclusive', 'blocked'), skipped: of('waived') }
}

async function fromSelftest(): Promise<Counts> {
  return (await read('selftest.json')) as Counts
}

const sources: readonly (readonly [name: string, count: () => Promise<Counts>])[] = [
  ['npm test', fromConformance],
  ['unit', () => fromVitest('unit.json')],
  ['selftest', fromSelftest],
  ['oracles', () => fromVitest('oracles.json')],
]

/** Gives the exit status; prints a line for each source, and the sum last. */
export async function summarize(): Promise<0 | 1> {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const [name, count] of sources) {
    const counts = await count().catch((error: unknown) => {
      process.stderr.write(`error: ${name} left no report: ${(error as Error).message}\n`)
      return { passed: 0, failed: 1, skipped: 0 }
    })
    process.stdout.write(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)
  return total.failed > 0 ? 1 : 0
}
