// Destinations of a verdict: its report, further renderings of it, and what a person or a program reads on standard output.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { renderAnnotations, withoutCommands } from '../judge/outputs/annotations.ts'
import { OUTPUT_FORMATS, parseOutput, renderOutput, type Output } from '../judge/outputs/output.ts'
import { renderTerminal } from '../judge/outputs/terminal.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { jsonText } from '../judge/verdict/printable.ts'
import { OWN_CONTRACT, OWN_LOCK, OWN_WAIVERS } from '../judge/candidates/own-files.ts'
import { setAside, writeWhole } from '../judge/verdict/report-file.ts'
import { UsageError } from '../judge/usage-error.ts'

/** The name of standard output in place of a file. */
const STANDARD_OUTPUT = '-'

export type VerdictOptions = {
  readonly json: boolean
  /** Further renderings of the verdict. */
  readonly output: readonly Output[]
  readonly report?: string
}

/** `defaultReport` is relative to the current folder. */
export function addVerdictOptions(command: Command, defaultReport: string): Command {
  return command
    .option('--json', 'print the whole verdict instead of the table', false)
    .option('--report <FILE>', `where the whole verdict goes (default: ${defaultReport})`)
    .option(
      '--output <FORMAT=FILE>',
      `also write ${OUTPUT_FORMATS.join(', ')}; - for standard output; may be repeated`,
      parseOutput,
      [],
    )
}

/**
 * Judges, writes and prints; without a verdict older ones are set aside. Gives the exit status. UsageError for a file
 * that cannot be written.
 */
export async function deliverVerdict(
  options: VerdictOptions,
  defaultReport: string,
  judge: () => Promise<Conformance>,
): Promise<number> {
  const { json, output, report: given } = options
  const file = given ?? defaultReport
  const shown = output.find((one) => one.file === STANDARD_OUTPUT)
  if (json && shown !== undefined)
    throw new UsageError(`--json and --output ${shown.format}=- both write to standard output: give one of them a file`)
  const written = output.filter((one) => one !== shown)
  const files = [file, ...written.map((one) => one.file)]
  if (new Set(files.map((one) => resolve(one))).size < files.length)
    throw new UsageError('--report and --output name one file twice')
  const inputs = new Set(inputsOf(options))
  const overwritten = files.find((one) => inputs.has(resolve(one)))
  if (overwritten !== undefined)
    throw new UsageError(`--report and --output may not name ${overwritten}, which is read: name another file`)
  const conformance = await judge().catch(async (error: unknown) => {
    await Promise.all(files.map(setAside))
    throw error
  })
  const report = jsonText(conformance)
  await writeWhole(file, report)
  for (const one of written) await writeWhole(one.file, await renderOutput(one.format, conformance))
  // On GitHub the log is read for commands: an image must not be able to write one.
  const onGitHub = process.env['GITHUB_ACTIONS'] === 'true'
  // Text for a person goes to standard error where a program reads standard output.
  const person = json || shown !== undefined ? process.stderr : process.stdout
  if (json) process.stdout.write(report)
  if (shown !== undefined) process.stdout.write(await renderOutput(shown.format, conformance))
  const text = json ? '' : renderTerminal(conformance, person, given ?? defaultReport)
  person.write(onGitHub ? withoutCommands(text) : text)
  if (onGitHub) person.write(renderAnnotations(conformance))
  return conformance.exitCode
}

/** Whole paths of what the other options name, as a file or as KIND:PATH, and of the user's own files. */
function inputsOf(options: VerdictOptions): readonly string[] {
  const others = Object.entries(options).filter(([name]) => name !== 'report' && name !== 'output')
  const values: readonly unknown[] = others.flatMap(([, value]: readonly [string, unknown]) => value)
  const texts = values.filter((value) => typeof value === 'string')
  const paths = texts.flatMap((text) => [text, text.slice(text.indexOf(':') + 1)])
  return [...paths, OWN_CONTRACT, OWN_LOCK, OWN_WAIVERS].map((path) => resolve(path))
}
