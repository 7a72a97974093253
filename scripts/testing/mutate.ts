// `node --import ./scripts/preload.mjs scripts/testing/mutate.ts CASES RESULTS` in a copy of the project: the main job after each change of
// its files, in one process, since starting one takes longer than judging one rule.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { openSpecRun } from '../judge/run/spec-run.ts'
import { main } from '../test/main.ts'

export type MutatedCase = {
  /** Path → new text; null deletes the file. */
  readonly files: Readonly<Record<string, string | null>>
  readonly args: readonly string[]
  /** Spec files that are loaded; all of them by default. */
  readonly specs?: string
}
/** `said` is what is printed with --json: the whole verdict; undefined where there is none. */
export type MutatedResult = { readonly status: number; readonly said: string | undefined }

const [, , casesPath = '', resultsPath = ''] = process.argv
const REPORT = 'report/mutated.json'

const results: MutatedResult[] = []
for (const { files, args, specs } of JSON.parse(await readFile(casesPath, 'utf8')) as readonly MutatedCase[]) {
  const whole = await Promise.all(Object.keys(files).map(async (path) => [path, await readFile(path, 'utf8')] as const))
  for (const [path, text] of Object.entries(files)) await (text === null ? rm(path) : writeFile(path, text))
  const status = await main([...args, '--report', REPORT], openSpecRun(specs))
  results.push({ status, said: await readFile(REPORT, 'utf8').catch(() => undefined) })
  for (const [path, text] of whole) await writeFile(path, text)
}
await writeFile(resultsPath, JSON.stringify(results))
