// Tries each door on the red image, in a process of its own as a user would: exit status and last line.
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { CONTRACT_PATH } from '../../judge/candidates/inputs.ts'
import { ROOT } from '../../root.ts'
import { COMMANDS, doorsOf, LOCK, RED_IMAGE, type Door, type DoorFiles } from './doors.ts'

export type Tried = { readonly doors: number; readonly problems: readonly string[] }

const AT_ONCE = 2

/** One sentence for each door that turned the image green where it must not, or did not where it may. */
export async function tryDoors(place: string): Promise<Tried> {
  const folder = join(place, 'doors')
  await mkdir(folder)
  const doors = doorsOf(await writeFiles(folder))
  const variables = doors.filter(({ env, movesLastLine }) => env !== undefined && movesLastLine !== true)
  const together = {
    name: 'environment',
    env: Object.assign({}, ...variables.map(({ env }) => env)) as Record<string, string>,
  }
  const [without, within] = await mapInParallel([{ name: 'nothing' }, together], (door) => pass(door, folder), AT_ONCE)
  const closed = problemsOf({ name: 'nothing' }, without)
  // Where all variables at once change nothing of the verdict, none of them is tried by itself.
  const isUnmoved = closed.length === 0 && within?.status === 1 && within.last === without?.last
  const left = isUnmoved ? doors.filter((door) => !variables.includes(door)) : doors
  const problems = await mapInParallel(left, async (door) => problemsOf(door, await pass(door, folder)), AT_ONCE)
  return { doors: doors.length, problems: [...closed, ...problems.flat()] }
}

type Ending = { readonly status: number | string; readonly last: string }

/** The verdict with that door, and its last line without the path of the report. */
async function pass(door: Door, folder: string): Promise<Ending> {
  const { name, args = [] } = door
  const lock = door.withoutLock === true ? [] : [LOCK]
  const report = join(folder, `${[name, ...args].join(' ').replace(/\W+/g, '-')}.json`)
  const { status, last } = await run([...RED_IMAGE, ...lock, `--report=${report}`, ...args], door.env ?? {})
  return { status, last: last.replace(report, 'REPORT') }
}

function problemsOf({ name, args = [], opens }: Door, ending: Ending | undefined): readonly string[] {
  const { status, last } = ending ?? { status: 'nothing', last: '' }
  const what = `door ${[name, ...args].join(' ')}`
  if (opens === undefined)
    return status === 1 || status === 2 ? [] : [`${what}: expected the image to stay red, got ${status}: ${last}`]
  return status !== 1 && opens.test(last)
    ? []
    : [`${what}: expected a last line like ${opens.source}, got ${status}: ${last}`]
}

function run(args: readonly string[], more: Readonly<Record<string, string | undefined>>): Promise<Ending> {
  const { FORCE_COLOR: _, ...env } = process.env
  const all = ['--import', './scripts/preload.mjs', COMMANDS, 'test', ...args]
  return new Promise((resolve) => {
    const child = execFile(process.execPath, all, { cwd: ROOT, env: { ...env, ...more } }, (error, stdout, stderr) => {
      const last = (stdout.trim() === '' ? stderr : stdout).trimEnd().split('\n').at(-1) ?? ''
      resolve({ status: error === null ? 0 : (error.code ?? error.signal ?? 'an error'), last })
    })
    child.stdin?.end()
  })
}

async function writeFiles(folder: string): Promise<DoorFiles> {
  const contract = parse(await readFile(join(ROOT, CONTRACT_PATH), 'utf8')) as {
    readonly variants: Readonly<Record<string, unknown>>
  }
  const variants = { ...contract.variants, 'spin-only': contract.variants['spin-tailscale'] }
  const expires = new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10)
  const waive = (...ids: readonly string[]): object => ({
    waivers: ids.map((id) => ({ id, reason: 'tried for turning red to green', expires })),
  })
  const write = async (name: string, content: object): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, stringify(content))
    return path
  }
  return {
    folder,
    contract: await write('permissive.yaml', { ...contract, variants }),
    waivers: await write('waivers.yaml', waive('EXT-002', 'EXT-004', 'EXT-015')),
    protectedWaivers: await write('protected.yaml', waive('KRN-003', 'SUP-001', 'OCI-001')),
    advisories: await write('advisories.yaml', { advisories: [] }),
    script: await write('no-such-kind.txt', { a: 'b' }),
  }
}
