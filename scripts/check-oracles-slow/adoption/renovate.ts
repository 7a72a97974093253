// Renovate itself on a repository that `init` made: it finds the wished release and proposes the newest of the embedded upstream; a
// lock of which only that was moved is refused.
import { deepEqual } from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { serveEmbedded } from '../../embedded-upstream/served.ts'
import { ROOT } from '../../root.ts'
import type { Tools } from '../fetch.ts'
import { run, type Check } from '../tool.ts'

/** Renovate wants Node 24; both by their exact versions, without what has to be compiled. */
const PACKAGES = ['renovate@44.121.2', `node-linux-${process.arch}@24.21.0`]
const OURS = ['--import', join(ROOT, 'scripts/preload.mjs'), join(ROOT, 'scripts/talos-image.ts')]
const [LOCKED, NEWEST] = ['v1.11.5', 'v1.14.2'] as const
const LOCK = 'talos-image.lock.json'

/** What Renovate found and would change: one line of its log. */
const foundSchema = z.object({
  msg: z.literal('packageFiles with updates'),
  config: z.record(
    z.string(),
    z.array(
      z.object({
        packageFile: z.string(),
        deps: z.array(
          z.object({ currentValue: z.string(), updates: z.array(z.object({ newValue: z.string() })).optional() }),
        ),
      }),
    ),
  ),
})

export function renovateChecks({ folder }: Tools): readonly Check[] {
  const name = 'Renovate moves the wished release, and a lock of which only that was moved is refused'
  return [{ name, run: () => checkRenovate(folder) }]
}

async function checkRenovate(folder: string): Promise<string> {
  const renovate = await install(join(folder, 'renovate'))
  const cwd = await mkdtemp(join(folder, 'renovated-'))
  const served = await serveEmbedded([LOCKED, 'v1.13.9', 'v1.14.0-rc.1', NEWEST])
  try {
    const ours = (args: readonly string[], accept: readonly number[] = [0]): Promise<string> =>
      run(process.execPath, [...OURS, ...args], { cwd, accept })
    await ours(['init', '--yes', '--talos', LOCKED, '--registry', 'ghcr.io/you', '--ci', 'renovate'])
    await renovate('config-validator', ['--strict', 'renovate.json'], { cwd })
    await commit(cwd)
    const log = await renovate('renovate', ['--platform=local', '--dry-run=full'], {
      cwd,
      env: {
        LOG_LEVEL: 'debug',
        LOG_FORMAT: 'json',
        // Never sent: without one no release of GitHub's is looked for, and here the registry is asked in its place.
        GITHUB_COM_TOKEN: 'none',
        RENOVATE_CONFIG: JSON.stringify(settings(served.host)),
      },
    })
    deepEqual(proposalsIn(log), { regex: [{ file: 'talos-version', from: LOCKED, to: [NEWEST] }] })
    const trust = ['--upstream', served.namespace, '--trusted-root', served.trustedRoot, '--cache', 'cache']
    await ours(['lock', '--talos', LOCKED, ...trust])
    const lock = JSON.parse(await readFile(join(cwd, LOCK), 'utf8')) as object
    await writeFile(join(cwd, LOCK), JSON.stringify({ ...lock, talos: NEWEST }))
    // Status 2 alone is accepted.
    await ours(['lock', '--check', ...trust], [2])
    await ours(['lock', '--talos', NEWEST, ...trust])
    await ours(['lock', '--check', ...trust])
    return `${LOCKED} → ${NEWEST}`
  } finally {
    await served.close()
  }
}

/** Releases come from the tags of the registry in the place of GitHub's; nothing else in the repository is looked at. */
function settings(host: string): object {
  return {
    enabledManagers: ['custom.regex'],
    packageRules: [
      {
        matchDepNames: ['siderolabs/talos'],
        overrideDatasource: 'docker',
        overridePackageName: `${host}/siderolabs/installer-base`,
      },
    ],
    hostRules: [{ matchHost: `https://${host}`, insecureRegistry: true, allowInternal: true }],
  }
}

type Renovate = (
  program: 'renovate' | 'config-validator',
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
) => Promise<string>

async function install(folder: string): Promise<Renovate> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private":true}\n')
  const quiet = ['--no-audit', '--no-fund', '--silent', '--ignore-scripts', '--omit=optional', '--save-exact']
  // npm's cache is where HOME says, and this has 500 MB.
  const env = { HOME: process.env['HOME'] ?? folder }
  await run('npm', ['install', ...quiet, ...PACKAGES], { cwd: folder, env })
  const node = join(folder, `node_modules/node-linux-${process.arch}/bin/node`)
  return (program, args, options) =>
    run(node, [join(folder, `node_modules/renovate/dist/${program}.js`), ...args], options)
}

/** Renovate looks at what git knows. */
async function commit(cwd: string): Promise<void> {
  await run('git', ['init', '--quiet'], { cwd })
  await run('git', ['add', '--all'], { cwd })
  const who = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.com']
  await run('git', [...who, 'commit', '--quiet', '--message', 'Init'], { cwd })
}

type Proposal = { readonly file: string; readonly from: string; readonly to: readonly string[] }

/** Manager → what it would move. */
function proposalsIn(log: string): Readonly<Record<string, readonly Proposal[]>> {
  const lines = log.split('\n').filter((line) => line.startsWith('{'))
  const found = lines.flatMap((line) => foundSchema.safeParse(JSON.parse(line)).data ?? [])
  return Object.fromEntries(
    found
      .flatMap(({ config }) => Object.entries(config))
      .map(([manager, files]) => [
        manager,
        files.flatMap(({ packageFile: file, deps }) =>
          deps.map(({ currentValue: from, updates = [] }) => ({ file, from, to: updates.map((one) => one.newValue) })),
        ),
      ]),
  )
}
