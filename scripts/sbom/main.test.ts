import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readGolden, writeAssetFolder } from '#fixtures/counterexamples/candidate.ts'
import { parseSbomDocument } from '#harness/talos/sbom/document.ts'
import { parseLock } from '#specs/contract/lock.ts'
import { readFile } from 'node:fs/promises'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { sbom } from './main.ts'

const GOLDEN = 'v1.11.5-spin-only'
const LOCK = join(ROOT, 'fixtures/golden/lock-v1.11.5.json')
const folder = await mkdtemp(join(tmpdir(), 'sbom-'))
afterAll(() => rm(folder, { recursive: true }))

const idsOf = (text: string): readonly string[] =>
  parseSbomDocument(Buffer.from(text), {}).packages.map(({ SPDXID }) => SPDXID)

it('prints the bill of an image, with its base where the lock is of its release', async () => {
  const image = `docker-archive:${join(ROOT, 'fixtures/golden', GOLDEN, 'installer-arm64.tar')}`
  const of = (lock: string) => runCommand(sbom, [image, '--lock', lock, '--cache', folder])
  const { exit, stdout } = await of(LOCK)
  expect(exit).toBe(0)
  expect(idsOf(stdout)).toEqual(expect.arrayContaining(['SPDXRef-Base', 'SPDXRef-Layer-2', 'SPDXRef-Extension-6']))
  const other = await of(join(ROOT, 'fixtures/golden/lock-v1.13.9.json'))
  expect(idsOf(other.stdout)).not.toContain('SPDXRef-Base')
})

it('prints the bill of an asset tree, which has neither base nor digest', async () => {
  const lock = parseLock(await readFile(LOCK), LOCK)
  const assets = await writeAssetFolder(await readGolden(GOLDEN), join(folder, 'assets'), {
    lock,
    variant: 'spin-only',
  })
  const { exit, stdout } = await runCommand(sbom, [assets, '--lock', LOCK, '--cache', folder])
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ name: 'talos', creationInfo: { created: expect.stringMatching(/^20/) } })
  const ids = idsOf(stdout)
  expect(ids).toEqual(expect.arrayContaining(['SPDXRef-Kernel', 'SPDXRef-Extension-1', 'SPDXRef-Talos-1-1']))
  expect(ids.filter((id) => /Base|Layer/.test(id))).toEqual([])
})

it('says what is no image, in one sentence', async () => {
  const { exit, stdout, stderr } = await runCommand(sbom, ['docker-archive:none.tar', '--cache', folder])
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
  expect(stderr).toMatch(/^error: docker-archive:none\.tar: .*\n$/)
})
