// Many tags in the embedded registry, judged in one run and in shards whose reports are merged: both verdicts, without times.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { conformanceSchema, type Conformance } from '../../judge/verdict/conformance.ts'
import { ROOT } from '../../root.ts'
import { run as runProgram, type Check } from '../tool.ts'

const VARIANTS = ['spin-only', 'spin-tailscale'] as const
const LOCK = ['--lock', 'fixtures/golden/lock-v1.11.5.json']
/** The build whose worker's image holds what the router's does. */
const WRONG = 1

/** Runs `talos-image NAME ARGS`. */
export type Run = (name: 'test' | 'report', args: readonly string[]) => Promise<unknown>

export type Fleet = AsyncDisposable & {
  /** The references, all workers first, and the options by which they are judged. */
  readonly list: readonly string[]
  /** The reference of the image that is red. */
  readonly wrong: string
  /** The path of a file for reports. */
  at(name: string): string
}

/** Pushes `builds` builds of both variants. */
export async function openFleet(builds: number): Promise<Fleet> {
  const [folder, registry] = [await mkdtemp(join(tmpdir(), 'fleet-')), await startRegistry()]
  const golden = (variant: string): string => `docker-archive:fixtures/golden/v1.11.5-${variant}/installer-arm64.tar`
  const tags = Array.from({ length: builds }, (_, build) => `v1.11.5-${String(build).padStart(8, '0')}`)
  for (const [build, tag] of tags.entries())
    for (const variant of VARIANTS)
      await pushReference(registry, golden(build === WRONG ? VARIANTS[1] : variant), `you/talos-${variant}`, tag)
  const references = VARIANTS.flatMap((variant) => tags.map((tag) => `${registry.host}/you/talos-${variant}:${tag}`))
  const wrong = references[WRONG] ?? ''
  return {
    list: [...references, '--variant', `${wrong}=${VARIANTS[0]}`, ...LOCK, '--cache', join(folder, 'cache')],
    wrong,
    at: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      await registry.close()
      await rm(folder, { recursive: true })
    },
  }
}

export type Verdicts = {
  readonly whole: Conformance
  readonly merged: Conformance
  readonly shards: readonly Conformance[]
}

/** Judges a fleet at once, and in `of` shards; reports are whole.json, shard-1.json and on, merged.json. */
export async function judgeFleet(
  { list, at }: Fleet,
  run: Run,
  { of, more = [] }: { readonly of: number; readonly more?: readonly string[] },
): Promise<Verdicts> {
  const read = async (name: string): Promise<Conformance> =>
    conformanceSchema.parse(JSON.parse(await readFile(at(name), 'utf8')))
  const names = Array.from({ length: of }, (_, index) => `shard-${index + 1}.json`)
  await run('test', [...list, ...more, '--report', at('whole.json')])
  for (const [index, name] of names.entries())
    await run('test', [...list, ...more, '--report', at(name), '--shard', `${index + 1}/${of}`])
  await run('report', ['merge', ...names.map(at), '--report', at('merged.json')])
  return {
    whole: await read('whole.json'),
    merged: await read('merged.json'),
    shards: await Promise.all(names.map(read)),
  }
}

/** A verdict without what differs from run to run. */
export function timeless(conformance: Conformance): unknown {
  const { judgedAt: _, candidates, ...rest } = conformance
  return {
    ...rest,
    candidates: candidates.map((one) => ({ ...one, rules: one.rules.map((rule) => ({ ...rule, durationMs: 0 })) })),
  }
}

const BUILDS = 100
const SHARDS = 8

const PROGRAM = ['--import', './scripts/preload.mjs', 'scripts/talos-image.ts']

export function fleetChecks(): readonly Check[] {
  const run: Run = (name, args) =>
    runProgram(process.execPath, [...PROGRAM, name, ...args], { cwd: ROOT, accept: [0, 1] })
  return [
    {
      name: `${2 * BUILDS} tags in ${SHARDS} shards give the verdict of one run`,
      run: async () => {
        await using fleet = await openFleet(BUILDS)
        const { whole, merged, shards } = await judgeFleet(fleet, run, { of: SHARDS })
        if (JSON.stringify(timeless(whole)) !== JSON.stringify(timeless(merged)))
          throw new Error('expected the merged verdict to be that of one run')
        const images = whole.candidates.filter(({ digest }) => digest !== undefined).length
        if (images !== 2 * BUILDS || merged.exitCode !== 1)
          throw new Error(`expected ${2 * BUILDS} images, one of them red`)
        return `${shards.map(({ candidates }) => candidates.length).join(', ')} verdicts in the shards`
      },
    },
  ]
}
