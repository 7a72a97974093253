// The workflows that `init` writes, step by step as GitHub's runner does it: the lock for a wished release, and the release from lock
// to publication, against the embedded upstream.
import { deepEqual, match } from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveEmbedded } from '../../embedded-upstream/served.ts'
import { ROOT } from '../../root.ts'
import { playWorkflow, type JobOutcome } from './play-runner.ts'
import { run, type Check } from '../tool.ts'

const TALOS = 'v1.11.5'
const LOCK = 'talos-image.lock.json'
const OURS = `"${process.execPath}" --import "${ROOT}/scripts/preload.mjs" "${ROOT}/scripts/talos-image.ts"`
/** A commit, which publish finds by itself in a repository on GitHub. */
const REVISION = '0123456789abcdef0123456789abcdef01234567'

export function workflowChecks(): readonly Check[] {
  return [{ name: 'the workflows of init lock, build, judge and publish a release', run: checkWorkflows }]
}

async function checkWorkflows(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'workflows-'))
  const served = await serveEmbedded([TALOS])
  try {
    const folder = join(root, 'images')
    const bin = join(root, 'bin')
    for (const path of [folder, bin]) await mkdir(path)
    await writeKeys(folder)
    const upstream = `--upstream ${served.namespace}`
    const trust = `--trusted-root ${served.trustedRoot}`
    const more = {
      lock: `${upstream} ${trust}`,
      build: upstream,
      test: '',
      // Keyless signing wants GitHub's token, which is nowhere else.
      publish: `${trust} --key cosign.key --revision ${REVISION}`,
    }
    const cases = Object.entries(more).map(([name, options]) => `${name}) set -- "$@" ${options} --cache cache ;;`)
    const program = `#!/bin/sh\ncase "$1" in\n${cases.join('\n')}\nesac\nexec ${OURS} "$@"\n`
    await writeFile(join(bin, 'talos-image'), program, { mode: 0o755 })
    const git = `#!/bin/sh\nif [ "$1" = push ]; then echo "$*" > "${root}/pushed"; exit 0; fi\nexec /usr/bin/git "$@"\n`
    await writeFile(join(bin, 'git'), git, { mode: 0o755 })

    const decisions = ['--talos', TALOS, '--registry', `${served.host}/you`, '--key', 'cosign.pub']
    await run('sh', [join(bin, 'talos-image'), 'init', '--yes', ...decisions, '--ci', 'github,renovate'], {
      cwd: folder,
    })
    await run('git', ['init', '--quiet'], { cwd: folder })
    await run('git', ['add', '--all'], { cwd: folder })
    const who = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.com']
    await run('git', [...who, 'commit', '--quiet', '--message', 'Init'], { cwd: folder })

    const play = async (file: string, job: string): Promise<JobOutcome> => {
      const workflow = await readFile(join(folder, '.github/workflows', file), 'utf8')
      const env = { GITHUB_ACTOR: 'you', GITHUB_REPOSITORY: 'you/images' }
      return playWorkflow(workflow, job, { folder, env, path: [bin] }, { 'github.head_ref': 'renovate/talos' })
    }
    const locked = await play('talos-image-lock.yaml', 'lock')
    deepEqual(locked.status, 0, locked.log)
    const pushed = await readFile(join(root, 'pushed'), 'utf8')
    match(
      pushed,
      /^push https:\/\/x-access-token:token@github\.com\/you\/images\.git HEAD:refs\/heads\/renovate\/talos\n$/,
    )
    deepEqual(await run('git', ['show', '--format=', '--name-only'], { cwd: folder }), `${LOCK}\n`)

    const released = await play('talos-image.yaml', 'release')
    deepEqual(released.status, 0, released.log)
    // What was built, and what is in the registry.
    deepEqual(released.log.match(/^GREEN: /gm)?.length, 2, released.log)
    match(released.summary, /^# Conforms\n/)
    const tags = (await (await fetch(`http://${served.host}/v2/you/talos-spin-tailscale/tags/list`)).json()) as {
      readonly tags: readonly string[]
    }
    deepEqual(
      [TALOS, `${TALOS}-assets`].filter((tag) => !tags.tags.includes(tag)),
      [],
    )

    const lock = await readFile(join(folder, LOCK), 'utf8')
    await writeFile(join(folder, LOCK), lock.replace(/"sourceDate": \d+/, '"sourceDate": 1'))
    await rm(join(folder, 'out'), { recursive: true })
    const drifted = await play('talos-image.yaml', 'release')
    deepEqual([drifted.status, drifted.log.includes('spin-only: ')], [3, false], drifted.log)
    return `${TALOS} locked and released, and not again by a lock that upstream does not have`
  } finally {
    await served.close()
    await rm(root, { recursive: true, force: true })
  }
}

async function writeKeys(folder: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  await writeFile(join(folder, 'cosign.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(join(folder, 'cosign.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
}
