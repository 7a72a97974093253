// npm test on a registry that does not answer what is asked beside the image: the image is judged, within seconds, and the
// rules that had no answer are inconclusive in the registry's own words.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FaultAction } from '#fixtures/simulator/registry/faults/faults.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { withQuickRetries } from '#harness/testing/registry-client.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { formatLock } from '#specs/contract/lock.ts'
import { makeEmbedded, type Embedded } from '../embedded/release.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { conformanceSchema, type RuleVerdict } from '../judge/verdict/conformance.ts'
import { runCommand } from '../testing/run-command.ts'
import { main } from './main.ts'

const PATIENCE_MS = 240_000
/** Long enough to end every test that waits for it. */
const HOURS = 6 * 3600
const REFERRERS = /\/referrers\//

const folder = await mkdtemp(join(tmpdir(), 'unanswered-'))
const report = join(folder, 'report.json')
let embedded: Embedded
let elsewhere: Registry
let terms: readonly string[] = []
beforeAll(async () => {
  embedded = await makeEmbedded((await loadContract(undefined)).value, { variant: 'spin-only' })
  elsewhere = await startRegistry()
  elsewhere.inject({ when: { path: /./ }, do: { kind: 'status', status: 429, retryAfter: HOURS } })
  const [contract, lock] = [join(folder, 'contract.yaml'), join(folder, 'lock.json')]
  await writeFile(contract, stringify(embedded.contract))
  await writeFile(lock, formatLock(embedded.lock.value))
  const { trustedRoot, cacheFolder } = embedded
  terms = ['--contract', contract, '--lock', lock, '--trusted-root', trustedRoot, '--cache', cacheFolder]
  const image = embedded.reference?.image
  if (image !== undefined) terms = [...terms, '--reference', renderReference(image)]
}, PATIENCE_MS)
afterAll(async () => {
  await embedded.close()
  await elsewhere.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => embedded.registry.clearFaults())

type Verdict = { readonly exit: number; readonly last: string; readonly rules: readonly RuleVerdict[] }

async function judge(...args: readonly string[]): Promise<Verdict> {
  const [image] = embedded.references
  if (image === undefined) throw new Error('expected a reference')
  const { exit, stdout } = await withQuickRetries(() =>
    runCommand(main, [renderReference(image), ...terms, `--report=${report}`, ...args]),
  )
  const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
  return { exit, last: stdout.trimEnd().split('\n').at(-1) ?? '', rules: candidates[0]?.rules ?? [] }
}
const idsOf = ({ rules }: Verdict, status: string): readonly string[] =>
  rules.flatMap((rule) => (rule.status === status ? [rule.id] : []))
const reasonOf = ({ rules }: Verdict, id: string): string | undefined => rules.find((rule) => rule.id === id)?.reason
const refer = (action: FaultAction): void => embedded.registry.inject({ when: { path: REFERRERS }, do: action })
const asked = (): number => embedded.registry.requests.filter(({ path }) => REFERRERS.test(path)).length
const toElsewhere = (): FaultAction => ({ kind: 'redirect', status: 303, to: `http://${elsewhere.host}/{path}` })

describe('npm test where referrers are not answered', { timeout: PATIENCE_MS }, () => {
  it('judges the whole image, and says for how long the registry sends it away', async () => {
    const whole = await judge()
    expect(whole).toMatchObject({ exit: 0, last: expect.stringMatching(/^GREEN/) })
    refer(toElsewhere())
    const found = await judge()
    expect(found).toMatchObject({ exit: 2, last: expect.stringMatching(/^INCONCLUSIVE: 1 candidate/) })
    // The signature is there by its tag; provenance, SPDX document and summary are referrers.
    expect(idsOf(found, 'inconclusive')).toEqual(['SUP-002', 'SUP-003', 'SUP-007', 'SUP-008'])
    expect(idsOf(found, 'pass')).toEqual(idsOf(whole, 'pass').filter((id) => !/^SUP-00[2378]$/.test(id)))
    for (const id of ['SUP-002', 'SUP-003', 'SUP-007', 'SUP-008'])
      expect(reasonOf(found, id)).toMatch(/referrers.*status 429; it says to come back in 6 h/)
  })

  const PAGE = '<!doctype html><title>Sign in</title>'
  it.each<[string, () => FaultAction, RegExp, number]>([
    ['not for us: 401', () => ({ kind: 'unauthorized' }), /status 401/, 3],
    ['not for us: 403', () => ({ kind: 'status', status: 403 }), /status 403/, 1],
    ['broken', () => ({ kind: 'status', status: 500 }), /status 500/, 3],
    ['a page in HTML', () => ({ kind: 'body', body: PAGE }), /expected a list of referrers/, 1],
  ])('passes on the words of a registry that is %s', async (_, action, words, most) => {
    refer(action())
    const before = asked()
    const found = await judge('--only=SUP')
    expect(found).toMatchObject({ exit: 2, last: expect.stringMatching(/^INCONCLUSIVE/) })
    expect(idsOf(found, 'inconclusive')).toEqual(['SUP-002', 'SUP-003', 'SUP-007', 'SUP-008'])
    expect(reasonOf(found, 'SUP-002')).toMatch(words)
    // Both parts are asked for.
    expect(asked() - before).toBeLessThanOrEqual(2 * most)
    expect(asked() - before).toBeGreaterThan(0)
  })

  it('takes no signature for absent where neither list nor tags are answered', async () => {
    refer({ kind: 'status', status: 403 })
    embedded.registry.inject({ when: { path: /\.(?:sig|att)$/ }, do: { kind: 'status', status: 503 } })
    const found = await judge('--only=SUP')
    expect(found.exit).toBe(2)
    expect(idsOf(found, 'fail')).toEqual([])
    expect(idsOf(found, 'inconclusive')).toEqual(['SUP-001', 'SUP-002', 'SUP-003', 'SUP-007', 'SUP-008'])
  })
})
