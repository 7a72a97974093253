// The package in an empty folder outside of the clone, installed by npm: the verdicts of the clone under every starting Node, a
// release from lock to promotion, and one sentence where it cannot run.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { satisfies } from 'semver'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../root.ts'
import { packProject } from '../testing/packed.ts'
import { pageCommands, rehearse, type Program } from '../testing/rehearsal.ts'
import { judgeHere } from '../testing/run-command.ts'

const run = promisify(execFile)
/** Three installations of 300 MB from npm's registry, or its cache. */
const PATIENCE_MS = 15 * 60_000
const MAX_PACKED = 1_000_000
/** Majors of the Node that starts the program: the oldest, or all of them in `npm run check:oracles:slow`. */
const NODES = process.env.EVERY_NODE === undefined ? ['20'] : ['20', '24', '26']
/** Node → the npm that came with it. */
const NPM_OF: Readonly<Record<string, string>> = { 20: '10', 24: '11', 26: '11' }
const NODE_PACKAGE = `node-linux-${process.arch}`
const GOLDEN = join(ROOT, 'fixtures/golden')
const JUDGED = [`docker-archive:${GOLDEN}/v1.11.5-spin-tailscale/installer-arm64.tar`, '--target=installer']
const LOCKED = `--lock=${GOLDEN}/lock-v1.11.5.json`

const folder = await mkdtemp(join(tmpdir(), 'package-'))
/** Some 1.5 GB. */
afterAll(async () => {
  await rehearsal?.catch(() => undefined)
  await rm(folder, { recursive: true })
}, PATIENCE_MS)

let tarball: string
let project: string
let rehearsal: ReturnType<typeof rehearse> | undefined
beforeAll(async () => {
  const [packed] = await Promise.all([packProject(folder), installTools()])
  ;({ tarball, project } = packed)
  // What runs as nobody reads it, too.
  await chmod(folder, 0o755)
  for (const major of NODES) await installPackage(major)
  // The longest of all, which goes on beside the other tests up to its own.
  const place = join(folder, 'rehearsal')
  await mkdir(place)
  rehearsal = rehearse(programOf(NODES[0] ?? ''), place)
  rehearsal.catch(() => undefined)
}, PATIENCE_MS)

const placeOf = (major: string): string => join(folder, `with-node-${major}`)
const nodeOf = (major: string): string => join(folder, `node-${major}/node_modules/${NODE_PACKAGE}/bin/node`)
const ownOf = (major: string): string => join(placeOf(major), 'node_modules/talos-image-contract')
const programOf = (major: string): Program => [nodeOf(major), join(ownOf(major), 'scripts/bin.mjs')]

const QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--silent']

async function makePlace(place: string): Promise<string> {
  await mkdir(place)
  await writeFile(join(place, 'package.json'), '{"private":true}\n')
  return place
}

/** Installs each Node and its npm in a folder of its own. */
async function installTools(): Promise<void> {
  for (const major of NODES) {
    const cwd = await makePlace(join(folder, `node-${major}`))
    await run('npm', ['install', ...QUIET, `${NODE_PACKAGE}@${major}`, `npm@${NPM_OF[major]}`], { cwd })
  }
}

/** Installs the package by the Node and its npm. */
async function installPackage(major: string): Promise<void> {
  const env = { ...process.env, PATH: `${dirname(nodeOf(major))}:/usr/local/bin:/usr/bin:/bin` }
  const npm = join(folder, `node-${major}`, 'node_modules/.bin/npm')
  await run(npm, ['install', ...QUIET, '--save-dev', tarball], { cwd: await makePlace(placeOf(major)), env })
}

type Outcome = { readonly status: number | null; readonly stdout: string; readonly stderr: string }
type Surroundings = { readonly cwd: string; readonly uid?: number; readonly env?: NodeJS.ProcessEnv }

async function start([command, ...words]: readonly string[], surroundings: Surroundings): Promise<Outcome> {
  const { env = {}, ...others } = surroundings
  const child = spawn(command ?? '', words, {
    ...others,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [[status], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return { status: status as number | null, stdout, stderr }
}

/** The report of a run without its times. */
async function reportOf(program: Program, args: readonly string[], cwd: string): Promise<string> {
  const report = join(cwd, 'report/conformance.json')
  await rm(report, { force: true })
  const { stderr } = await start([...program, 'test', ...JUDGED, ...args], { cwd })
  expect(stderr).toBe('')
  return readReport(report)
}

async function readReport(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replaceAll(/"(?:judgedAt|durationMs)": [^\n]*/g, '')
}

const VERDICTS: readonly (readonly [what: string, args: readonly string[]])[] = [
  ['green', ['--variant=spin-tailscale', LOCKED]],
  ['red', ['--variant=spin-only', LOCKED]],
  ['not pinned', ['--variant=spin-only', '--only=EXT']],
]
const cloneReports = new Map<readonly string[], Promise<string>>()

/** Each is made once, in this process. */
function reportOfClone(args: readonly string[]): Promise<string> {
  const made = cloneReports.get(args) ?? judgeByClone(args)
  cloneReports.set(args, made)
  return made
}

async function judgeByClone(args: readonly string[]): Promise<string> {
  const report = join(await mkdtemp(join(folder, 'clone-')), 'conformance.json')
  const { stderr } = await judgeHere([...JUDGED, ...args, `--report=${report}`])
  expect(stderr).toBe('')
  return readReport(report)
}

type Locked = {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly dev?: true
  readonly optional?: true
  readonly devOptional?: true
}
async function packagesOf(path: string): Promise<Readonly<Record<string, Locked>>> {
  return (JSON.parse(await readFile(path, 'utf8')) as { packages: Record<string, Locked> }).packages
}

describe('the packed package', () => {
  it('is at most 1 MB, has no test and no golden, and leaves the project as it was', async () => {
    expect((await stat(tarball)).size).toBeLessThan(MAX_PACKED)
    const { stdout } = await run('tar', ['tzf', tarball])
    const wrong = stdout
      .split('\n')
      .filter((path) => /\.test\.|\.ts$|\.tar$|\.efi$|package-lock|package\.kept/.test(path))
    expect(wrong).toEqual([])
    expect(stdout).toContain('package/dist/specs/extensions/list.spec.js\n')
    const before = await readFile(join(ROOT, 'package.json'), 'utf8')
    expect(await readFile(join(project, 'package.json'), 'utf8')).toBe(before)
  })
})

describe.each(NODES)('installed and started by Node %s', { timeout: PATIENCE_MS }, (major) => {
  it('has the packages of package-lock.json, by name and version, and none with an install script', async () => {
    const locked = await packagesOf(join(ROOT, 'package-lock.json'))
    const installed = await packagesOf(join(placeOf(major), 'node_modules/.package-lock.json'))
    const versions = Object.entries(installed).filter(([path]) => path !== 'node_modules/talos-image-contract')
    const isOther = ([path, { version = '' }]: readonly [string, Locked]): boolean => {
      const [, owner = '', name = ''] = /^(.+)\/node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? []
      // Where there are two versions of one name, the range of its owner says which the other one is.
      if (owner !== '') return !satisfies(version, locked[owner]?.dependencies?.[name] ?? '<0')
      return locked[path]?.version !== version
    }
    expect(versions.filter(isOther)).toEqual([])
    const wanted = Object.entries(locked).filter(
      ([, { dev, optional, devOptional }]) => !dev && !optional && !devOptional,
    )
    expect(wanted.map(([path]) => path).filter((path) => path !== '' && !(path in installed))).toEqual([])
    expect(JSON.stringify(installed)).not.toContain('hasInstallScript')
  })

  it.each(VERDICTS)('gives the verdict of the clone: %s', async (_, args) => {
    expect(await reportOf(programOf(major), args, placeOf(major))).toBe(await reportOfClone(args))
  })
})

describe('the program', { timeout: PATIENCE_MS }, () => {
  const [oldest = '', newest = ''] = [NODES[0], NODES.at(-1)]

  it('rehearses the page for CozyStack’s user', async () => {
    const { steps = [] } = (await rehearsal) ?? {}
    expect(steps.find(({ status }) => status !== 0)).toBeUndefined()
    expect(steps).toHaveLength((await pageCommands()).length)
  })

  it('is started by npx and by npm scripts, and reads and writes where it is started', async () => {
    const place = placeOf(oldest)
    const below = join(place, 'below')
    await mkdir(below)
    await writeFile(join(below, 'node.yaml'), await readFile(join(GOLDEN, 'machine-config/worker-spin-only-1.11.yaml')))
    const env = { PATH: `${dirname(nodeOf(oldest))}:/usr/local/bin:/usr/bin:/bin` }
    const npx = await start(['npx', 'talos-image', 'lint', 'node.yaml', '--json'], { cwd: below, env })
    expect({ ...npx, stdout: '' }).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(JSON.parse(npx.stdout)).toMatchObject({ exitCode: 0 })
    expect(await readdir(join(below, 'report'))).toEqual(['lint-config.json'])
    await run('npm', ['pkg', 'set', 'scripts.gate=talos-image-contract lint below/node.yaml'], { cwd: place })
    const gate = await start(['npm', 'run', '--silent', 'gate'], { cwd: below, env })
    expect(gate).toMatchObject({ status: 0, stderr: '' })
    expect(await readdir(join(place, 'report'))).toContain('lint-config.json')
  })

  it('runs as another user where it is installed read-only, and writes nothing there', async () => {
    const isRoot = process.getuid?.() === 0
    const own = ownOf(oldest)
    await run('chmod', ['-R', 'a-w,a+rX', join(placeOf(oldest), 'node_modules')])
    const home = await mkdtemp(join(tmpdir(), 'home-'))
    try {
      if (isRoot) await chmod(home, 0o777)
      const before = await readdir(own, { recursive: true })
      const outcome = await start([...programOf(oldest), 'test', ...JUDGED, '--variant=spin-tailscale', LOCKED], {
        cwd: home,
        env: { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), XDG_STATE_HOME: join(home, 'state') },
        ...(isRoot && { uid: 65_534 }),
      })
      expect(outcome).toMatchObject({ status: 0, stderr: '' })
      expect(await readdir(own, { recursive: true })).toEqual(before)
    } finally {
      await rm(home, { recursive: true })
      await run('chmod', ['-R', 'u+w', join(placeOf(oldest), 'node_modules')])
    }
  })

  it.each([...new Set([oldest, newest])])(
    'says without optional dependencies how to install it, started by Node %s',
    async (major) => {
      const optional = join(placeOf(major), 'node_modules', NODE_PACKAGE)
      await rename(optional, `${optional}.away`)
      try {
        const { status, stdout, stderr } = await start([...programOf(major), 'test'], { cwd: placeOf(major) })
        expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
        expect(stderr).toMatch(/^error: [^\n]* is not installed: install without --omit=optional\n$/)
      } finally {
        await rename(`${optional}.away`, optional)
      }
    },
  )
})
