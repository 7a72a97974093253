// `npm run report -- merge FILE…`: the reports of all shards into the verdict on their whole list. Exit status as of npm test.
import { readFile, stat } from 'node:fs/promises'
import { Command } from 'commander'
import { addExamples, parseCommand, UsageError } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { addVerdictOptions, deliverVerdict, type VerdictOptions } from '../cli/verdict-files.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { REPORT_PATH } from '../judge/verdict/report-file.ts'
import { mergeShards, type ReportFile } from './merge.ts'

/** One image with its contents takes half a MiB; no shard has a thousand. */
const MAX_BYTES = 512 * 2 ** 20

type MergeOptions = VerdictOptions & { readonly files: readonly string[] }

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseReportOptions(args: readonly string[]): MergeOptions | undefined {
  const command = new Command('npm run report --')
    .description('The reports of all shards of npm test -- … --shard I/N as the verdict on their whole list.')
    .argument('<merge>', 'what to do: merge')
    .argument('<FILE...>', 'the report of every shard, in any order')
    .addHelpText(
      'after',
      `
Every shard must be there once, by the same rules, contract, lock, waivers and options, with all the verdicts that it says it
has; else the exit status is 2 and nothing is written. A report is taken at its word where it agrees with itself: who can write a
whole one by hand can write any verdict. Take shards from jobs that you trust alone.`,
    )
  addVerdictOptions(command, REPORT_PATH)
  addExamples(command, [
    'npm run report -- merge shards/1.json shards/2.json shards/3.json',
    'npm run report -- merge shards/1.json shards/2.json --output html=report/page.html --report verdict.json',
    'npm run report -- merge shards/1.json shards/2.json --json',
  ])
  if (!parseCommand(command, args)) return undefined
  const [verb, ...files] = command.args
  if (verb !== 'merge') throw new UsageError(`expected merge, got ${verb} (npm run report -- --help says more)`)
  return { ...command.opts<VerdictOptions>(), files }
}

/** `args` without node and script. Gives the exit status of the whole. */
export async function report(args: readonly string[]): Promise<number> {
  try {
    const options = parseReportOptions(args)
    if (options === undefined) return 0
    return await deliverVerdict(options, REPORT_PATH, async () =>
      mergeShards(await Promise.all(options.files.map(readShard)), await loadRuleIndex()),
    )
  } catch (error) {
    return printFailure(error)
  }
}

async function readShard(path: string): Promise<ReportFile> {
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes, got ${size}`)
    return { path, report: conformanceSchema.parse(JSON.parse(await readFile(path, 'utf8'))) }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    // The first line is enough: a foreign document may differ in everything.
    const why =
      code === undefined ? `it is no report of npm test (${message.split('\n').slice(0, 1).join('')})` : message
    throw new UsageError(`the report ${path} cannot be read: ${why}`, { cause })
  }
}
