// Tries each door on the red image, as a user would: exit status and last line.
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { CONTRACT_PATH } from '../../judge/candidates/inputs.ts'
import { ROOT } from '../../root.ts'
import { COMMANDS, doorsOf, LOCK, RED_IMAGE, type Door, type DoorFiles } from './doors.ts'
import { lastLine, type Ending } from './last-line.ts'

export type Tried = { readonly doors: number; readonly problems: readonly string[] }

const AT_ONCE = 2
const PRELOAD = ['--import', './scripts/preload.mjs']

/** The module that tries several doors in one process. */
const SEVERAL = fileURLToPath(import.meta.resolve('./several.ts'))

/** One sentence for each door that turned the image green where it must not, or did not where it may. */
export async function tryDoors(place: string): Promise<Tried> {
  const folder = join(place, 'doors')
  await mkdir(folder)
  const doors = doorsOf(await writeFiles(folder))
  const [inOne, byThemselves] = [doors.filter(isOfOptions), doors.filter((door) => !isOfOptions(door))]
  const [problems, others] = await Promise.all([trySeveral(inOne, folder), tryByThemselves(byThemselves, folder)])
  return { doors: doors.length, problems: [...others, ...problems] }
}

/** True for a door that is nothing but options: it needs no process of its own. */
function isOfOptions({ env, readsInput }: Door): boolean {
  return env === undefined && readsInput !== true
}

/** Each in a process of its own; variables together first. */
async function tryByThemselves(doors: readonly Door[], folder: string): Promise<readonly string[]> {
  const pass = async (door: Door): Promise<Ending> =>
    ended(door, await run(argsOf(door, folder), door.env ?? {}), folder)
  const variables = doors.filter(({ env, movesLastLine }) => env !== undefined && movesLastLine !== true)
  const together = {
    name: 'environment',
    env: Object.assign({}, ...variables.map(({ env }) => env)) as Record<string, string>,
  }
  const [without, within] = await mapInParallel([{ name: 'nothing' }, together], pass, AT_ONCE)
  const closed = problemsOf({ name: 'nothing' }, without)
  // Where all variables at once change nothing of the verdict, none of them is tried by itself.
  const isUnmoved = closed.length === 0 && within?.status === 1 && within.last === without?.last
  const left = isUnmoved ? doors.filter((door) => !variables.includes(door)) : doors
  const problems = await mapInParallel(left, async (door) => problemsOf(door, await pass(door)), AT_ONCE)
  return [...closed, ...problems.flat()]
}

/** In one process; a door that ends it has no ending, and neither have those behind it. */
async function trySeveral(doors: readonly Door[], folder: string): Promise<readonly string[]> {
  const { FORCE_COLOR: _, ...env } = process.env
  const child = fork(SEVERAL, { execArgv: PRELOAD, cwd: ROOT, env, stdio: ['pipe', 'ignore', 'pipe', 'ipc'] })
  child.stdin?.end()
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()))
  const endings: Ending[] = []
  child.on('message', (ending: Ending) => endings.push(ending))
  child.send(doors.map((door) => argsOf(door, folder)))
  const [status] = (await once(child, 'close')) as [number | null]
  return doors.flatMap((door, at) => {
    const ending = endings[at]
    return problemsOf(
      door,
      ending === undefined
        ? { status: `nothing, exit ${status}`, last: lastLine({ stdout: '', stderr: words }) }
        : ended(door, ending, folder),
    )
  })
}

/** The arguments of the verdict with that door. */
function argsOf(door: Door, folder: string): readonly string[] {
  const lock = door.withoutLock === true ? [] : [LOCK]
  return [...RED_IMAGE, ...lock, `--report=${reportOf(door, folder)}`, ...(door.args ?? [])]
}

function reportOf({ name, args = [] }: Door, folder: string): string {
  return join(folder, `${[name, ...args].join(' ').replace(/\W+/g, '-')}.json`)
}

/** An ending, in its last line no path of the report. */
function ended(door: Door, { status, last }: Ending, folder: string): Ending {
  return { status, last: last.replace(reportOf(door, folder), 'REPORT') }
}

/** The last line of a verdict that is red, as text or as JSON: an exit status of 1 without one is a crash. */
const RED = /^(?:RED\b|\}$)/

function problemsOf({ name, args = [], opens, movesLastLine }: Door, ending: Ending | undefined): readonly string[] {
  const { status, last } = ending ?? { status: 'nothing', last: '' }
  const what = `door ${[name, ...args].join(' ')}`
  const isRed = status === 1 && (movesLastLine === true || RED.test(last))
  if (opens === undefined)
    return isRed || status === 2 ? [] : [`${what}: expected the image to stay red, got ${status}: ${last}`]
  return status !== 1 && opens.test(last)
    ? []
    : [`${what}: expected a last line like ${opens.source}, got ${status}: ${last}`]
}

function run(args: readonly string[], more: Readonly<Record<string, string | undefined>>): Promise<Ending> {
  const { FORCE_COLOR: _, ...env } = process.env
  const all = [...PRELOAD, COMMANDS, 'test', ...args]
  return new Promise((resolve) => {
    const child = execFile(process.execPath, all, { cwd: ROOT, env: { ...env, ...more } }, (error, stdout, stderr) => {
      resolve({
        status: error === null ? 0 : (error.code ?? error.signal ?? 'an error'),
        last: lastLine({ stdout, stderr }),
      })
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
    schematic: await write('schematic.yaml', { customization: {} }),
    script: await write('no-such-kind.txt', { a: 'b' }),
  }
}
