// The command line of `npm run bench`.
import { Command, InvalidArgumentError, Option } from 'commander'
import { addExamples, parseList, parseCommand } from '../cli/command-line.ts'

/** MiB of the image. */
export const SIZES = { '140': 'realistic', '1024': 'huge' } as const
export type Size = keyof typeof SIZES

const PARTS = ['verdict', 'many', 'build'] as const
export type BenchPart = (typeof PARTS)[number]

export type BenchOptions = {
  readonly runs: number
  readonly sizes: readonly Size[]
  readonly parts: readonly BenchPart[]
  readonly json: boolean
  /** True where a missed bar makes the exit status 1. */
  readonly bars: boolean
  readonly folder?: string
}

const MAX_RUNS = 100
const HELP = `
The image is made from nothing and the same each time. The verdict (npm test) is measured cold, with an empty cache, and
warm, beside a shell pipeline that reads the same (skopeo, tar, objcopy, sha256sum, zstd, cpio, unsquashfs, readelf), beside a
tuned one (openssl, pigz, both cores), beside hashing and decompression alone on one core, and beside crane validate where there
is one. Many: both variants, another contract, 20 tags of the same files in other layers, a diff, 20 machine configurations. The
build (npm run build) beside the same work by hand (mksquashfs, depmod, cpio, zstd -18). They take turns, and each is
compared with the other of its round. Memory is that of all processes that a command started: the most at one moment,
looked at every 20 ms, or what one of them ever had, whichever is more.

Exit status: 0 every bar is met, 1 one is missed, 2 a tool is missing or something failed.`

function parseRuns(text: string): number {
  const runs = Number(text)
  if (!Number.isInteger(runs) || runs < 1 || runs > MAX_RUNS)
    throw new InvalidArgumentError(`expected 1 … ${MAX_RUNS}.`)
  return runs
}

function listOf<T extends string>(known: readonly T[]): (text: string) => readonly T[] {
  return (text) => {
    const items = parseList(text)
    const found = items.flatMap((item) => known.filter((one) => one === item))
    if (found.length < items.length) throw new InvalidArgumentError(`expected some of ${known.join(', ')}.`)
    return found
  }
}

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const sizes = Object.keys(SIZES) as Size[]
  const command = new Command('npm run bench --')
    .description('Measure what a verdict and a build cost, beside the same work by hand.')
    .addOption(new Option('--runs <N>', 'rounds of each').argParser(parseRuns).default(5))
    .addOption(
      new Option('--size <LIST>', `of the image in MiB: ${sizes.join(', ')}`)
        .argParser(listOf(sizes))
        .default(['140'], '140'),
    )
    .addOption(
      new Option('--part <LIST>', `what is measured: ${PARTS.join(', ')}`)
        .argParser(listOf(PARTS))
        .default(PARTS, 'all; at 1024 the verdict alone'),
    )
    .option('--folder <DIR>', 'keep the image there and use it again (default: made anew, removed at the end)')
    .option('--json', 'print every measurement instead of the tables', false)
    .option('--no-bars', 'measure only: a bar that is missed changes nothing')
    .addHelpText('after', HELP)
  addExamples(command, [
    'npm run bench -- --runs 3 --size 140,1024 --part verdict',
    'npm run bench -- --folder /var/tmp/bench --json --no-bars',
  ])
  if (!parseCommand(command, args)) return undefined
  const { size, part, ...options } = command.opts<
    Omit<BenchOptions, 'sizes' | 'parts'> & { size: readonly Size[]; part: readonly BenchPart[] }
  >()
  return { ...options, sizes: size, parts: part }
}
