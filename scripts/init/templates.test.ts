// The files of `init --ci`, played as the systems would: what they do is done by bash, with programs of these tests for gh.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runTool } from '#fixtures/golden/run-tool.ts'
import { parseLock } from '#specs/contract/lock.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { ROOT } from '../root.ts'
import { playWorkflow, type JobOutcome } from '../check-oracles-slow/adoption/play-runner.ts'
import { parseOptions } from '../test/options.ts'
import { runCommand } from '../testing/run-command.ts'
import { init } from './main.ts'

const PATIENCE_MS = 240_000
const root = await mkdtemp(join(tmpdir(), 'init-ci-'))
afterAll(() => rm(root, { recursive: true }))

const folder = join(root, 'images')
const text = (path: string): Promise<string> => readFile(join(folder, path), 'utf8')
const WORKFLOW = 'you/images/.github/workflows/ship.yaml@refs/heads/trunk'

beforeAll(async () => {
  const args = ['--yes', '--registry', 'ghcr.io/them', '--talos', 'v1.13.9', '--workflow', WORKFLOW]
  const { exit, stderr } = await runCommand(init, [folder, ...args, '--ci', 'github,gitlab,renovate'])
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
})

describe('init --ci', () => {
  it('writes workflows with the decisions in their places', async () => {
    expect((await readdir(join(folder, '.github/workflows'))).toSorted()).toEqual(
      ['ship.yaml', 'talos-image-drift.yaml', 'talos-image-gate.yaml', 'talos-image-lock.yaml'].toSorted(),
    )
    const release = parse(await text('.github/workflows/ship.yaml')) as {
      readonly on: unknown
      readonly jobs: {
        readonly release: { readonly env: unknown; readonly steps: readonly { readonly uses?: string }[] }
      }
    }
    expect(release.on).toMatchObject({
      push: { branches: ['trunk'], paths: expect.arrayContaining(['.github/workflows/ship.yaml']) },
    })
    expect(release.jobs.release.env).toEqual({ NAMESPACE: 'ghcr.io/them' })
    expect(await text('talos-version')).toBe('v1.13.9\n')
    expect((await stat(join(folder, 'talos-image.sh'))).mode & 0o111).not.toBe(0)
    for (const path of ['.github/workflows/ship.yaml', '.github/workflows/talos-image-gate.yaml', '.gitlab-ci.yml']) {
      expect(await text(path)).not.toContain('0'.repeat(40))
      expect(await text(path)).toContain(`v${packageJson.version}`)
    }
  })

  it('asks the action for what it takes, and of it what it says', async () => {
    const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as Record<'inputs' | 'outputs', object>
    const gate = await text('.github/workflows/talos-image-gate.yaml')
    const { jobs } = parse(gate) as {
      jobs: { gate: { steps: readonly { readonly id?: string; readonly with?: object }[] } }
    }
    const given = Object.keys(jobs.gate.steps.find(({ id }) => id === 'judge')?.with ?? {})
    expect(given).toEqual(['reference', 'variant'])
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(given))
    const asked = [...gate.matchAll(/steps\.judge\.outputs\.(\w+)/g)].map(([, name]) => name)
    expect(asked).not.toEqual([])
    expect(Object.keys(action.outputs)).toEqual(expect.arrayContaining(asked))
  })

  it('writes nothing where one of the files is there, and knows the systems', async () => {
    const taken = join(root, 'taken')
    await mkdir(taken)
    await writeFile(join(taken, 'renovate.json'), '{}')
    const { exit, stderr } = await runCommand(init, [taken, '--yes', '--ci', 'renovate'])
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: `error: ${join(taken, 'renovate.json')}: there already, and never overwritten\n`,
    })
    expect(await readdir(taken)).toEqual(['renovate.json'])
    expect(await runCommand(init, [taken, '--yes', '--ci', 'jenkins'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('expected some of github, gitlab, shell, matrix, kubernetes, renovate'),
    })
  })

  it('has Renovate move the line with the release, and nothing else', async () => {
    const { customManagers } = JSON.parse(await text('renovate.json')) as {
      readonly customManagers: readonly {
        readonly managerFilePatterns: readonly string[]
        readonly matchStrings: readonly string[]
      }[]
    }
    const [{ managerFilePatterns, matchStrings } = { managerFilePatterns: [], matchStrings: [] }] = customManagers
    expect(managerFilePatterns).toEqual(['/^talos-version$/'])
    const found = new RegExp(matchStrings[0] ?? '').exec(await text('talos-version'))
    expect(found?.groups).toEqual({ currentValue: 'v1.13.9' })
  })
})

describe('the script for any CI', () => {
  const bin = join(root, 'script')
  beforeAll(async () => {
    await mkdir(bin)
    await writeFile(join(bin, 'node'), '#!/bin/sh\nprintf "%s\\n" "$@"\nexit "${STUB_STATUS:-0}"\n', { mode: 0o755 })
  })
  const start = (env: Readonly<Record<string, string>>) =>
    runTool(join(folder, 'talos-image.sh'), [], { cwd: root, env: { PATH: `${bin}:/usr/bin:/bin`, ...env } })

  it('judges the image as one word, whatever is in it, and ends as the verdict does', async () => {
    const given = { REFERENCE: '--json $(id)', VARIANT: 'spin-only', TALOS_IMAGE: 'tool' }
    const words = (await start(given)).toString().trimEnd().split('\n')
    await expect(start({ ...given, STUB_STATUS: '1' })).rejects.toMatchObject({ cause: { code: 1 } })
    expect(words.slice(0, 2)).toEqual(['tool/scripts/bin.mjs', 'test'])
    expect(words.slice(-3)).toEqual(['--variant=spin-only', '--', '--json $(id)'])
    // What is before the reference is what the command takes.
    expect(parseOptions([...words.slice(2, -1), 'oci:out/spin-only'])).toMatchObject({ variant: 'spin-only' })
  })

  it('says what is missing, and is what GitLab runs', async () => {
    await expect(start({ REFERENCE: '' })).rejects.toThrow(/expected the image, such as/)
    const { 'talos-image': job } = parse(await text('.gitlab-ci.yml')) as {
      readonly 'talos-image': { readonly script: readonly string[]; readonly before_script: readonly string[] }
    }
    expect(job.script).toEqual(['bash talos-image.sh'])
    expect(job.before_script.join('\n')).toMatch(/checkout --quiet (?:[0-9a-f]{40}|v\d+\.\d+\.\d+)\n/)
  })
})

/** Keeps issues as files `NUMBER` of title and body in the folder GH_ISSUES; denies where that is not set. */
const GH = `#!/usr/bin/env bash
set -eu
if [ -z "\${GH_ISSUES:-}" ]; then echo 'HTTP 403: Resource not accessible by integration' >&2; exit 1; fi
echo "$1 $2" >> "$GH_ISSUES/../calls"
case "$1 $2" in
  'issue list') for one in "$GH_ISSUES"/*; do
    if [ -f "$one" ] && [ "$(head -n 1 "$one")" = "$TITLE" ]; then basename "$one"; fi
  done ;;
  'issue create') [ "$3 $5" = '--title --body-file' ]; { echo "$4"; cat "$6"; } > "$GH_ISSUES/7" ;;
  'issue edit') [ "$4" = --body-file ]; { echo "$TITLE"; cat "$5"; } > "$GH_ISSUES/$3" ;;
  *) exit 9 ;;
esac
`
/** The command against the embedded upstream; REPLAY is a report that it wrote already, or `none` where it found none. */
const PROGRAM = `#!/usr/bin/env bash
if [ "\${REPLAY:-}" = none ]; then exit 0; fi
if [ -n "\${REPLAY:-}" ]; then cp -r "$REPLAY" report; exit 3; fi
exec "${process.execPath}" --import "${ROOT}/scripts/preload.mjs" "${ROOT}/scripts/talos-image.ts" "$@" --no-judge $OPTIONS
`
const FROM_OLD = { OPTIONS: '--upstream embedded --from v1.12.9' }

describe('the job that looks for drift', { timeout: PATIENCE_MS }, () => {
  const bin = join(root, 'bin')
  beforeAll(async () => {
    await mkdir(bin)
    for (const [name, script] of [
      ['gh', GH],
      ['talos-image', PROGRAM],
    ] as const) {
      await writeFile(join(bin, name), script)
      await chmod(join(bin, name), 0o755)
    }
  })
  const look = async (name: string, env: Readonly<Record<string, string>>): Promise<JobOutcome> => {
    const workspace = join(root, name)
    await mkdir(workspace)
    const workflow = await text('.github/workflows/talos-image-drift.yaml')
    return playWorkflow(workflow, 'drift', { folder: workspace, env, path: [bin] })
  }
  const REPLAY = join(root, 'first/report')
  const ARTIFACT = 'actions/upload-artifact'

  it('opens one issue, brings it up to date, and opens none where there is no drift', async () => {
    const issues = join(root, 'issues')
    await mkdir(issues)
    const first = await look('first', { ...FROM_OLD, GH_ISSUES: issues })
    expect(first.status, first.log).toBe(0)
    expect(first.used).toContain(ARTIFACT)
    expect(await readdir(issues)).toEqual(['7'])
    const issue = await readFile(join(issues, '7'), 'utf8')
    expect(issue).toMatch(/^Talos drift: /)
    expect(issue).toContain('v1.13')
    expect(first.summary).not.toBe('')
    await writeFile(join(issues, '7'), `${issue.split('\n')[0]}\nof yesterday\n`)
    const second = await look('second', { REPLAY, GH_ISSUES: issues })
    expect(second.status, second.log).toBe(0)
    expect(await readdir(issues)).toEqual(['7'])
    expect(await readFile(join(issues, '7'), 'utf8')).toBe(issue)
    expect(await readFile(join(root, 'calls'), 'utf8')).toBe('issue list\nissue create\nissue list\nissue edit\n')
    const none = await look('none', { REPLAY: 'none' })
    expect(none.status, none.log).toBe(0)
    expect(none.used).not.toContain(ARTIFACT)
  })

  it('leaves report and lock in the artifact where the token may write no issue, and is red', async () => {
    const { status, log, used } = await look('denied', { REPLAY })
    expect(status, log).toBe(1)
    expect(log).toMatch(/^::error title=drift::the token may write no issue/m)
    expect(used).toContain(ARTIFACT)
    expect(await readFile(join(root, 'denied/report/drift.md'), 'utf8')).toContain('v1.13')
    const lock = parseLock(await readFile(join(root, 'denied/report/talos-image.lock.json')), 'lock')
    expect(lock.talos).toMatch(/^v1\.1[34]\./)
    // A lock of which only the release was moved is refused, as Renovate alone would leave it.
    const moved = Buffer.from(JSON.stringify({ ...lock, talos: 'v1.13.99' }))
    expect(() => parseLock(moved, 'lock')).toThrow(/expected v1\.13\.99 as in talos, got/)
  })

  it('is red, and asks for nothing, where it cannot be determined', async () => {
    const { status, log, used } = await look('unknown', { OPTIONS: '--from nowhere.json' })
    expect(status, log).toBe(2)
    expect(log).toContain('::error title=drift::it could not be determined')
    expect(used).not.toContain(ARTIFACT)
  })
})
