// What is done before every script, as in a package: beside it there is no root.ts.
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './root.ts'

/** Long: a Node that tries for ever is ended by it. */
const PATIENCE_MS = 240_000
const SHOWN = ['HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'NODE_COMPILE_CACHE']
const SCRIPT = `process.stdout.write(JSON.stringify(${JSON.stringify(SHOWN)}.map((name) => process.env[name])))`

describe('preload', { timeout: PATIENCE_MS }, () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'preload-'))
    await copyFile(join(ROOT, 'scripts/preload.mjs'), join(folder, 'preload.mjs'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** The variables as a script finds them; null for one that is absent. */
  const start = async (env: Record<string, string>): Promise<unknown> => {
    const args = ['--import', join(folder, 'preload.mjs'), '--eval', SCRIPT]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env, timeout: PATIENCE_MS })
    return JSON.parse(stdout)
  }

  it('keeps compiled code in the cache of the user', async () => {
    const compiled = join(folder, 'home/.cache/talos-image-contract/node-compile-cache')
    const home = join(folder, 'home')
    expect(await start({ HOME: home })).toEqual([home, null, null, expect.stringContaining(compiled)])
  })

  it.skipIf(process.platform !== 'linux')('does without where no folder can be made', async () => {
    expect(await start({ HOME: '/proc/1' })).toEqual(['/proc/1', null, null, null])
  })

  it('takes folders that are not absolute for absent', async () => {
    const cache = join(folder, 'cache')
    const env = { HOME: 'relative', XDG_DATA_HOME: './data', XDG_CACHE_HOME: cache }
    expect(await start(env)).toEqual([null, cache, null, expect.stringContaining(cache)])
    expect((await readdir(folder)).filter((name) => /relative|data/.test(name))).toEqual([])
  })
})
