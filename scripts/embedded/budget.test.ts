// A budget that is over-run is one red per image; whatever reads its layers is blocked, and a release is not compared.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { renderReference } from '#harness/oci/image/reference.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import type { Conformance } from '../judge/verdict/conformance.ts'
import { judgeHere } from '../testing/run-command.ts'
import { makeEmbedded } from './release.ts'

const folder = await mkdtemp(join(tmpdir(), 'budget-'))
const embedded = await makeEmbedded((await loadContract(undefined)).value, {})
const lock = join(folder, 'lock.json')
await writeFile(lock, formatLock(embedded.lock.value))
afterAll(async () => {
  await embedded.close()
  await rm(folder, { recursive: true })
})

describe('--limit', { timeout: 120_000 }, () => {
  it.each([
    ['entries=10', 'OCI-004'],
    // The descriptors of the layers alone say so.
    ['bytes=100000', 'OCI-002'],
  ])('%s reddens %s alone', async (limit, red) => {
    const report = join(folder, 'report.json')
    const images = embedded.references.map(renderReference)
    const trust = ['--trusted-root', embedded.trustedRoot, '--cache', join(folder, 'cache')]
    const { status, stdout } = await judgeHere([
      ...images,
      '--lock',
      lock,
      ...trust,
      '--limit',
      limit,
      '--report',
      report,
    ])
    expect(status).toBe(1)
    expect(stdout.trimEnd().split('\n').at(-1)).toContain(` fail (${red}), `)
    const { candidates } = JSON.parse(await readFile(report, 'utf8')) as Conformance
    const idsOf = (at: number, status_: string): readonly string[] =>
      (candidates[at]?.rules ?? []).filter((rule) => rule.status === status_).map(({ id }) => id)
    for (const at of [0, 1]) {
      expect(idsOf(at, 'fail')).toEqual([red])
      expect(idsOf(at, 'blocked')).toEqual(expect.arrayContaining(['OCI-006', 'UKI-001', 'EXT-001', 'AST-005']))
    }
    expect(idsOf(2, 'fail')).toEqual([])
    expect(idsOf(2, 'inconclusive')).toEqual(expect.arrayContaining(['REL-002', 'REL-003']))
    const compared = candidates[2]?.rules.find(({ id }) => id === 'REL-002')
    expect(compared?.reason).toMatch(/spin-only is not compared: .*raise it with --limit/)
  })
})
