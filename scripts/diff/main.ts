// Compares two images, locks or releases, and says what the change comes to.
import { BUDGET } from '#harness/budget.ts'
import { HarnessError } from '#harness/errors.ts'
import { openRegistries, parseGiven } from '../cli/candidates.ts'
import { printFailure, renderFailure } from '../cli/failure.ts'
import { catchInterrupt } from '../cli/interrupt.ts'
import { openTrust } from '../cli/trust.ts'
import { keepIn } from '../drift/kept.ts'
import { formatPlace } from '#harness/formats/yaml/nodes.ts'
import { UsageError } from '../judge/usage-error.ts'
import { loadMachineConfig, type LoadedConfig } from '../judge/candidates/config-files.ts'
import { openCacheFolder } from '../judge/candidates/pull.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { jsonText, printable, printableStrings } from '../judge/verdict/printable.ts'
import { writeWhole } from '../judge/verdict/report-file.ts'
import { LockError } from '../lock/upstream/lock-error.ts'
import { defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { compareSides } from './compare.ts'
import { readFileSet } from './files.ts'
import { renderHtml } from './html.ts'
import { parseDiffOptions, type DiffFormat, type DiffOptions, type SideName } from './options.ts'
import { openReleases, type Releases } from './releases.ts'
import { renderMarkdown, renderTerminal } from './render.ts'
import { diffSchema, EXIT, toReport, type Diff } from './report.ts'
import { openSide, type Side } from './side.ts'

/** `args` without node and script. Gives the exit status. */
export async function diff(args: readonly string[]): Promise<number> {
  const interrupt = catchInterrupt('nothing was written')
  try {
    const options = parseDiffOptions(args)
    if (options === undefined) return 0
    const report = await compare(options, interrupt.signal)
    interrupt.signal.throwIfAborted()
    for (const { format, file } of options.output) await writeWhole(file, RENDERERS[format](report))
    process.stdout.write(printable(renderTerminal(report, process.stdout), { lines: true }))
    return EXIT[report.effect]
  } catch (error) {
    const failure: unknown = interrupt.signal.aborted ? interrupt.signal.reason : error
    if (!(failure instanceof LockError || failure instanceof HarnessError)) return printFailure(failure)
    process.stderr.write(`${renderFailure(failure)}\n`)
    return 2
  } finally {
    interrupt.release()
  }
}

const RENDERERS: Readonly<Record<DiffFormat, (report: Diff) => string>> = {
  json: jsonText,
  markdown: renderMarkdown,
  html: renderHtml,
}

async function compare(options: DiffOptions, signal: AbortSignal): Promise<Diff> {
  const { value: contract } = await loadContract(options.contract)
  const config = options.config === undefined ? undefined : await loadReadable(options.config)
  const names = [options.was, options.is]
  // Before anything is kept in it: a folder that is no cache is not made one.
  await openCacheFolder(options.cache ?? defaultCacheFolder())
  const isImage = ({ kind }: SideName): boolean => kind === 'reference'
  const releases = names.every(isImage) ? undefined : await openReleases(names, { options, contract, signal })
  try {
    const [was, is] = await openSides(options, { contract, releases, signal })
    const compared = compareSides(was, is, { contract, config: config?.facts })
    return printableStrings(diffSchema.parse(toReport(was, is, compared)))
  } finally {
    await releases?.close()
  }
}

/** UsageError for files that no Talos takes apart: they would say that nothing is loaded and nothing configured. */
async function loadReadable(paths: readonly string[]): Promise<LoadedConfig> {
  const config = await loadMachineConfig(paths)
  const [best] = Object.values(config.facts.readings).toSorted((a, b) => a.problems.length - b.problems.length)
  const problem = best?.problems.find(({ class: kind }) => UNREADABLE.has(kind))
  if (problem !== undefined) throw new UsageError(`${formatPlace(problem.at)}: the file ${problem.message}`)
  return config
}

const UNREADABLE: ReadonlySet<string> = new Set(['yaml', 'syntax', 'document'])

type Place = {
  readonly contract: Awaited<ReturnType<typeof loadContract>>['value']
  readonly releases: Releases | undefined
  readonly signal: AbortSignal
}

async function openSides(options: DiffOptions, { contract, releases, signal }: Place): Promise<[Side, Side]> {
  const { was, is, files, verify, limit: limits = BUDGET } = options
  const cacheFolder = options.cache ?? defaultCacheFolder()
  const references = [was, is].flatMap(({ kind, text }) => (kind === 'reference' ? [parseGiven(text)] : []))
  const registry = await openRegistries(references, options, { cacheFolder, signal, limits })
  try {
    const note = (): void => undefined
    const trust = await openTrust({ ...options, cacheFolder, note })
    const place = { cacheFolder, registry, limits, contract, kept: keepIn(cacheFolder), trust, verify }
    const open = (name: SideName): Promise<Side> =>
      name.kind === 'reference'
        ? openSide(parseGiven(name.text), { ...place, ...(files && { readFiles: readFileSet }) })
        : (releases ?? unopened()).side(name)
    // One after the other: the parts of one that the other has as well are read once.
    return [await open(was), await open(is)]
  } finally {
    await registry?.close()
  }
}

function unopened(): never {
  throw new Error('expected releases to be open')
}
