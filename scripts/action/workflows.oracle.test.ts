// Workflows and actions, ours and those that `init` writes, before actionlint, zizmor and shellcheck. The first two are fetched:
// actionlint from Go's module proxy, zizmor from PyPI; both are kept in node_modules/.cache.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '../root.ts'

const run = promisify(execFile)
const PATIENCE_MS = 10 * 60_000
const ACTIONLINT = 'v1.7.12'
const ZIZMOR = '1.32.0'
const TOOLS = join(ROOT, 'node_modules/.cache/oracle-tools')

/** Rules of zizmor that are off, each with the reason. */
const ZIZMOR_CONFIG = {
  rules: {
    // `$/` in place of `./` is younger than actionlint, and than many a GitHub Enterprise Server.
    'self-repository': { disable: true },
  },
}

const TEMPLATES = 'scripts/init/templates'
const WORKFLOWS = [
  '.github/workflows/check.yml',
  ...['talos-image', 'talos-image-drift', 'talos-image-fleet', 'talos-image-gate', 'talos-image-lock'].map(
    (name) => `${TEMPLATES}/github/${name}.yaml`,
  ),
]
const ACTIONS = ['action.yml', '.github/actions/setup/action.yml']

let actionlint: string
let zizmor: string
const folder = await mkdtemp(join(tmpdir(), 'workflows-'))
afterAll(() => rm(folder, { recursive: true }))

/** Made beside and renamed: an interrupted fetch leaves no half of a tool. */
async function fetchOnce(name: string, fetch: (place: string) => Promise<unknown>): Promise<string> {
  const place = join(TOOLS, name)
  if (existsSync(place)) return place
  await mkdir(TOOLS, { recursive: true })
  const beside = await mkdtemp(join(TOOLS, 'fetch-'))
  await fetch(beside)
  await rename(beside, place)
  return place
}

beforeAll(async () => {
  const go = await fetchOnce(`actionlint-${ACTIONLINT}`, (place) =>
    run('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`], {
      env: { ...process.env, GOBIN: place },
    }),
  )
  const python = await fetchOnce(`zizmor-${ZIZMOR}`, (place) =>
    run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', place, `zizmor==${ZIZMOR}`]),
  )
  actionlint = join(go, 'actionlint')
  zizmor = join(python, 'bin/zizmor')
  await writeFile(join(folder, 'zizmor.yml'), JSON.stringify(ZIZMOR_CONFIG))
}, PATIENCE_MS)

/** '' where the tool has nothing to say. */
async function findings(tool: string, args: readonly string[], cwd: string = ROOT): Promise<string> {
  return run(tool, [...args], { cwd }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout?: string; readonly stderr?: string; readonly message: string }) =>
      `${error.stdout ?? ''}${error.stderr ?? ''}` || error.message,
  )
}

const audit = (paths: readonly string[]): Promise<string> =>
  findings(zizmor, ['--offline', '--no-progress', '--quiet', '--config', join(folder, 'zizmor.yml'), ...paths])

describe('workflows and actions', () => {
  it('are what actionlint takes, with shellcheck for their scripts', async () => {
    await run('shellcheck', ['--version'])
    expect(await findings(actionlint, ['-shellcheck', 'shellcheck', ...WORKFLOWS])).toBe('')
    const wrong = join(folder, 'wrong.yml')
    await writeFile(wrong, 'on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo $X\n')
    expect(await findings(actionlint, ['-shellcheck', 'shellcheck', wrong])).toContain('SC2086')
  })

  it('are what zizmor takes', async () => {
    expect(await audit([...WORKFLOWS, ...ACTIONS])).not.toMatch(/^(?:help|info|warning|error)\[/m)
    const text = await readFile(join(ROOT, 'action.yml'), 'utf8')
    await mkdir(join(folder, 'wrong'))
    await writeFile(join(folder, 'wrong/action.yml'), text.replace('"$LOCK"', `"\${{ inputs.lock }}"`))
    expect(await audit([join(folder, 'wrong/action.yml')])).toContain('error[template-injection]')
  })

  it.each(ACTIONS)('%s has scripts that shellcheck takes', async (path) => {
    const { runs } = parse(await readFile(join(ROOT, path), 'utf8')) as {
      readonly runs: { readonly steps: readonly { readonly run: string }[] }
    }
    const scripts = runs.steps.map(({ run: script }) => script)
    expect(scripts).not.toEqual([])
    for (const [at, script] of scripts.entries()) {
      const file = join(folder, `step-${at}.sh`)
      await writeFile(file, script)
      expect(await findings('shellcheck', ['--shell=bash', file])).toBe('')
    }
  })

  it('have a script for other systems that shellcheck takes', async () => {
    expect(await findings('shellcheck', [`${TEMPLATES}/shell/talos-image.sh`])).toBe('')
  })

  it('pin every action by commit, with its version beside it', async () => {
    for (const path of WORKFLOWS) {
      const uses = (await readFile(join(ROOT, path), 'utf8')).split('\n').filter((line) => /\buses:/.test(line))
      expect(uses).not.toEqual([])
      for (const line of uses)
        expect(line).toMatch(/uses: (?:\.\/\S*|[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/)
    }
  })
})
