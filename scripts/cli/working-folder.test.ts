import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ROOT } from '../root.ts'
import { runScript } from '../testing/run-script.ts'
import { takeWorkingFolder } from './working-folder.ts'

const folder = await mkdtemp(join(tmpdir(), 'working-folder-'))
afterAll(() => rm(folder, { recursive: true }))

const OURS = {
  INIT_CWD: folder,
  npm_package_json: join(ROOT, 'package.json'),
  npm_lifecycle_script: 'node --import ./scripts/preload.mjs scripts/talos-image.ts lint-config',
}

describe('takeWorkingFolder', () => {
  it('is the folder that npm was called in, once', () => {
    const env = { ...OURS }
    expect(takeWorkingFolder(env)).toBe(folder)
    expect(takeWorkingFolder(env)).toBeUndefined()
  })

  it.each([
    ['without npm', { ...OURS, npm_package_json: undefined }],
    ['in a script of another project', { ...OURS, npm_package_json: join(folder, 'package.json') }],
    ['in a script that runs something else', { ...OURS, npm_lifecycle_script: 'vitest run' }],
  ])('is the process’s own %s', (_, env) => {
    expect(takeWorkingFolder(env)).toBeUndefined()
  })
})

describe('a command that npm starts for a person in another folder', { timeout: 240_000 }, () => {
  it('reads paths from there, and leaves its report there', async () => {
    const worker = join(ROOT, 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml')
    await symlink(worker, join(folder, 'node.yaml'))
    const { status, stdout, stderr } = await runScript('talos-image.ts', ['lint-config', 'node.yaml'], ROOT, OURS)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^node\.yaml as spin-only\n/)
    expect((await readdir(folder)).toSorted()).toEqual(['node.yaml', 'report'])
    expect(await readdir(join(folder, 'report'))).toEqual(['lint-config.json'])
  })

  it('judges nothing where that is no folder', async () => {
    const file = join(ROOT, 'package.json')
    const { status, stderr } = await runScript('talos-image.ts', ['--version'], ROOT, { ...OURS, INIT_CWD: file })
    expect(status).toBe(2)
    expect(stderr).toMatch(/^error: INIT_CWD: expected the folder that npm was called in, got \S+package\.json: /)
  })
})
