// `npm run cache`: the contents of the cache, and their removal, least recently used first.
import { Command, InvalidArgumentError } from 'commander'
import { AREAS, CONTENT_AREAS, DEFAULT_CACHE, defaultCacheFolder } from '#harness/oci/cache/layout.ts'
import { measureCache, pruneCache } from '#harness/oci/cache/usage.ts'
import { addExamples, parseCommand, UsageError } from '../cli/command-line.ts'
import { renderFailure } from '../cli/failure.ts'
import { formatSize } from '../judge/outputs/size.ts'

type Options = { readonly cache?: string; readonly maxSize?: number }

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** `500M`, `5G`, bytes without a unit. */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? []
  const factor = UNITS[unit ?? '']
  if (number === undefined || factor === undefined)
    throw new InvalidArgumentError('expected a size such as 500M or 5G.')
  return Math.floor(Number(number) * factor)
}

type CacheCommand = Options & { readonly name: 'status' | 'prune' }

/** The subcommand with its options, or undefined after --help was printed. Throws UsageError. */
export function parseCacheCommand(
  args: readonly string[],
  write: (text: string) => void = print,
): CacheCommand | undefined {
  const program = new Command('npm run cache --').description(
    'The cache of what was pulled from registries, and of what was found in images.',
  )
  const where = '--cache <DIR>'
  const about = `the folder (default: ${DEFAULT_CACHE})`
  program.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: write })
  let chosen: CacheCommand | undefined
  program
    .command('status')
    .description('files and bytes of each kind')
    .option(where, about)
    .action((options: Options) => {
      chosen = { name: 'status', ...options }
    })
  program
    .command('prune')
    .description(`remove ${[...CONTENT_AREAS, 'facts'].join(', ')}, those used longest ago first`)
    .option(where, about)
    .option('--max-size <SIZE>', 'how much may stay, such as 5G (default: nothing)', parseSize, 0)
    .action((options: Options) => {
      chosen = { name: 'prune', ...options }
    })
  addExamples(program, [
    'npm run cache -- status --cache /var/cache/talos',
    'npm run cache -- prune --cache /var/cache/talos --max-size 5G',
  ])
  if (args.length === 0) throw new UsageError('expected status or prune (npm run cache -- --help says more)')
  return parseCommand(program, args) ? chosen : undefined
}

/** Gives the exit status: 0 done, 2 what was typed is wrong or the cache cannot be changed. */
export async function cache(args: readonly string[], write: (text: string) => void = print): Promise<number> {
  try {
    const command = parseCacheCommand(args, write)
    if (command?.name === 'status') await status(command, write)
    if (command?.name === 'prune') await prune(command, write)
    return 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    process.stderr.write(`${renderFailure(error)}\n`)
    return 2
  }
}

async function status(options: Options, write: (text: string) => void): Promise<void> {
  const folder = options.cache ?? defaultCacheFolder()
  const usage = await measureCache(folder)
  write(`${folder}\n`)
  for (const { area, files, bytes } of usage)
    write(`  ${area.padEnd(12)} ${String(files).padStart(6)}  ${formatSize(bytes).padStart(10)}  ${AREAS[area]}\n`)
  write(`  ${'total'.padEnd(16)}  ${formatSize(usage.reduce((sum, { bytes }) => sum + bytes, 0)).padStart(10)}\n`)
}

async function prune(options: Options, write: (text: string) => void): Promise<void> {
  const { files, bytes, left } = await pruneCache(options.cache ?? defaultCacheFolder(), options.maxSize ?? 0)
  write(`removed ${files} files, ${formatSize(bytes)}; ${formatSize(left)} left\n`)
}

function print(text: string): void {
  process.stdout.write(text)
}
