// From options to measurements: make the image, serve it, take turns, hold the bars.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { HarnessError } from '#harness/errors.ts'
import { UsageError } from '../cli/command-line.ts'
import { measureBuilds } from './build.ts'
import { BUILD_TOOLS } from './by-hand.ts'
import { manyImages, measureMany, TAGS } from './many.ts'
import { parseOptions, type BenchOptions, type BenchPart, type Size } from './options.ts'
import { PIPELINE_TOOLS } from './pipeline.ts'
import { prepare, prepareMany, serve, type Prepared } from './prepare.ts'
import { renderResult } from './render.ts'
import { judgeBars, type Result } from './result.ts'
import { missingTools } from './tools.ts'
import { TUNED_TOOLS } from './tuned.ts'
import { measureVerdicts, type RoundOptions } from './verdict.ts'

/** `args` without node and script. Gives the exit status; prints everything that there is to say. */
export async function main(args: readonly string[]): Promise<0 | 1 | 2> {
  const interrupt = new AbortController()
  const onSignal = (): void => interrupt.abort(new UsageError('interrupted'))
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const options = parseOptions(args)
    if (options === undefined) return 0
    assertTools(options.parts)
    const results = await measureAll(options, interrupt.signal)
    if (options.json) process.stdout.write(`${JSON.stringify(toJson(results), null, 2)}\n`)
    const missed = results.flatMap(judgeBars).some(({ met }) => !met)
    return missed && options.bars ? 1 : 0
  } catch (thrown) {
    // An aborted command rejects with an AbortError that states no cause.
    const error: unknown = interrupt.signal.aborted ? interrupt.signal.reason : thrown
    const isPlain = error instanceof UsageError || error instanceof HarnessError
    process.stderr.write(`error: ${isPlain ? error.message : ((error as Error).stack ?? String(error))}\n`)
    return 2
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

function assertTools(parts: readonly BenchPart[]): void {
  if (platform() !== 'linux') throw new UsageError('memory is read from /proc: this runs on Linux alone')
  const wanted = { verdict: [...PIPELINE_TOOLS, ...TUNED_TOOLS], many: [], build: BUILD_TOOLS } as const
  const missing = missingTools(parts.flatMap((part) => [...wanted[part]]))
  if (missing.length > 0)
    throw new UsageError(
      `there is nothing to measure against without ${missing.join(', ')} (Debian: skopeo squashfs-tools cpio zstd kmod binutils-multiarch openssl pigz)`,
    )
}

async function measureAll(options: BenchOptions, signal: AbortSignal): Promise<readonly Result[]> {
  const kept = options.folder === undefined ? undefined : resolve(options.folder)
  const root = kept ?? (await mkdtemp(join(tmpdir(), 'talos-image-bench-')))
  const results: Result[] = []
  try {
    for (const size of options.sizes) {
      process.stderr.write(`${size} MiB: making the image\n`)
      const prepared = await prepare(join(root, size), size, signal)
      const onRun = (what: string): void => void process.stderr.write(`${size} MiB: ${what}\n`)
      for (const part of options.parts) {
        // A build of 1 GiB takes minutes and has no bar; nor have many of them.
        if (part !== 'verdict' && size !== '140') continue
        const result = await measurePart(part, prepared, size, { runs: options.runs, signal, onRun })
        results.push(result)
        if (!options.json) process.stdout.write(`${renderResult(result)}\n`)
      }
    }
    return results
  } finally {
    if (kept === undefined) await rm(root, { recursive: true, force: true })
  }
}

async function measurePart(part: BenchPart, prepared: Prepared, size: Size, rounds: RoundOptions): Promise<Result> {
  const common = { size, imageBytes: await imageBytes(prepared) }
  if (part === 'many')
    return { ...common, preparation: prepared.phases, many: await measureServedMany(prepared, rounds) }
  if (part === 'build') return { ...common, preparation: prepared.phases, build: await measureBuilds(prepared, rounds) }
  const { verdict, phases } = await measureServed(prepared, rounds)
  return { ...common, preparation: { ...prepared.phases, ...phases }, verdict }
}

async function measureServed(prepared: Prepared, rounds: RoundOptions) {
  await using served = await serve(prepared)
  return { verdict: await measureVerdicts(prepared, served.reference, rounds), phases: served.phases }
}

async function measureServedMany(prepared: Prepared, rounds: RoundOptions) {
  const many = await prepareMany(prepared, TAGS, rounds.signal)
  await using served = await serve(prepared, manyImages(prepared, many))
  return await measureMany(prepared, served, rounds)
}

/** Config and layers of the installer in the layout. */
async function imageBytes({ layout, lock }: Prepared): Promise<number> {
  const read = async (path: string) => JSON.parse(await readFile(join(layout, path), 'utf8'))
  const { manifests } = await read('index.json')
  const found = manifests.find(
    (one: { annotations?: Record<string, string> }) =>
      one.annotations?.['org.opencontainers.image.ref.name'] === lock.talos,
  )
  const { config, layers } = await read(`blobs/${found.digest.replace(':', '/')}`)
  return [config, ...layers].reduce((sum: number, { size }: { size: number }) => sum + size, 0)
}

function toJson(results: readonly Result[]): unknown {
  return {
    schema: 1,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      platform: `${platform()} ${arch()}`,
      node: process.versions.node,
    },
    results: results.map((result) => ({ ...result, bars: judgeBars(result) })),
  }
}
