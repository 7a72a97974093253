// The third part: many images, most of whose bytes are the same.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { measure, type Run } from './measure/measure.ts'
import { npmScript, ROOT } from './npm-script.ts'
import type { Many, Prepared, Served } from './prepare.ts'
import { takeTurns } from './rounds.ts'
import { runVerdict, type RoundOptions } from './verdict.ts'

export const TAGS = 20
const CONFIGS = 20
const CONFIG = 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml'

/** Runs by what was done; each with an empty cache but `second` and `contract`. */
export type ManyRuns = Readonly<
  Record<'one' | 'both' | 'second' | 'contract' | 'tags' | 'diff' | 'lint', readonly Run[]>
>

/** The names of the images in the registry, without those of the first. */
export function manyImages({ lock }: Prepared, { other, tags }: Many): ReadonlyMap<string, string> {
  const named = tags.map((layout, at): [string, string] => [`talos-tags:t${at}`, layout])
  return new Map([[`talos-spin-tailscale:${lock.talos}`, other], ...named])
}

/** `served` has the images of `manyImages`. */
export async function measureMany(
  prepared: Prepared,
  { references }: Pick<Served, 'references'>,
  options: RoundOptions,
): Promise<ManyRuns> {
  const { signal, onRun } = options
  const work = await mkdtemp(join(prepared.folder, 'many-'))
  const [cache, report] = [join(work, 'cache'), join(work, 'report.json')]
  const [first = '', other = '', ...tags] = references
  const contract = join(work, 'contract.yaml')
  await writeFile(contract, `${await readFile(prepared.contractPath, 'utf8')}# another\n`)
  const judge = (some: readonly string[], more: { readonly contract?: string } = {}) =>
    runVerdict(prepared, some, { cache, report, signal, ...more })
  const fresh = () => rm(cache, { recursive: true, force: true })
  const command = async (name: string, args: readonly string[], accept: readonly number[]): Promise<Run> => {
    const { command: program, args: all } = await npmScript(name, args)
    return { ...(await measure(program, all, { cwd: ROOT, signal, accept })), phases: {} }
  }
  const configs = await makeConfigs(join(work, 'configs'))
  try {
    const { one, both, ...rest } = await takeTurns(options, {
      one: async (round) => {
        onRun(`one variant, its second, another contract ${round}`)
        await fresh()
        const alone = await judge([first])
        return { alone, contract: await judge([first], { contract }), second: await judge([other]) }
      },
      both: async (round) => {
        onRun(`both variants in one run ${round}`)
        await fresh()
        return judge([first, other])
      },
      tags: async (round) => {
        onRun(`${tags.length} tags in one run ${round}`)
        await fresh()
        return judge(tags)
      },
      diff: async (round) => {
        onRun(`diff ${round}`)
        await fresh()
        // Of the variants something breaks or differs.
        return command('diff', [first, other, '--contract', prepared.contractPath, '--cache', cache], [0, 1, 3])
      },
      lint: async (round) => {
        onRun(`lint of ${CONFIGS} configurations ${round}`)
        // A project of workers alone has no gateway, which is red.
        return command('lint-config', [configs, '--report', report], [0, 1])
      },
    })
    return {
      ...rest,
      both,
      one: one.map(({ alone }) => alone),
      second: one.map(({ second }) => second),
      contract: one.map((runs) => runs.contract),
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function makeConfigs(folder: string): Promise<string> {
  await mkdir(folder)
  for (let at = 0; at < CONFIGS; at++) await cp(join(ROOT, CONFIG), join(folder, `worker-${at}.yaml`))
  return folder
}
