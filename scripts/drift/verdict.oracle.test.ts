// The verdict beside the changes is the one that npm run lock, npm run build and npm test give by hand; from each embedded
// release to the next.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RELEASE_NAMES, type ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { build } from '../build/main.ts'
import { lock as lockCommand } from '../lock/main.ts'
import { judgeHere, runCommand } from '../testing/run-command.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'
import { drift as driftCommand } from './main.ts'
import { driftSchema, verdictSentence, type DriftVerdict } from './report.ts'

/** An idle machine takes seven seconds for the longest. */
const PATIENCE_MS = 180_000
const UNREAD: ReleaseName = 'v1.15.0-alpha.0'
const ALL_STEPS = RELEASE_NAMES.slice(1)
  .map((to, at) => [RELEASE_NAMES[at] ?? to, to] as const)
  .filter(([, to]) => to !== UNREAD)
/** The step of a minor with most changes and the last one; all in `npm run check:oracles:slow`, each takes 4 s of a processor. */
const STEPS = ALL_STEPS.filter(
  (_, at) => at === 0 || at === ALL_STEPS.length - 1 || process.env['EVERY_RELEASE'] !== undefined,
)
const SERVED = RELEASE_NAMES.filter((name) => name === UNREAD || STEPS.flat().includes(name))

describe('the verdict', { timeout: PATIENCE_MS }, () => {
  let served: SignedUpstream
  beforeAll(async () => {
    served = await serveUpstream(SERVED)
  }, PATIENCE_MS)
  afterAll(() => served[Symbol.asyncDispose]())

  const file = (name: string): string => join(served.folder, name)
  const registry = (): readonly string[] =>
    ['--upstream', served.namespace, '--trusted-root', served.trustedRoot].concat('--cache', file('cache'))
  const locks = new Map<string, Promise<string>>()
  const lock = (talos: string): Promise<string> => {
    const made = locks.get(talos) ?? makeLock(talos)
    locks.set(talos, made)
    return made
  }
  const makeLock = async (talos: string): Promise<string> => {
    const path = file(`${talos}.json`)
    const { exit, stderr } = await runCommand(lockCommand, [
      '--accept-moved',
      ...['--talos', talos, '--lock', path].concat(registry()),
    ])
    expect(exit, stderr).toBe(0)
    return path
  }
  const drift = async (from: string, to: string) => {
    const path = file('drift.json')
    const args = ['--from', await lock(from), '--to', to, '--output', `json=${path}`, ...registry()]
    const { exit, stderr } = await runCommand(driftCommand, args)
    expect(exit, stderr).toBe(3)
    return driftSchema.parse(JSON.parse(await readFile(path, 'utf8'))).targets[0]
  }
  const byHand = async (talos: string): Promise<DriftVerdict> => {
    const [path, out, report] = [await lock(talos), file(`out-${talos}`), file('conformance.json')]
    const upstream = ['--upstream', served.namespace, '--cache', file('cache')]
    const built = await runCommand(build, ['--lock', path, '--output', out, ...upstream])
    expect(built.exit, built.stderr).toBe(0)
    const images = ['spin-only', 'spin-tailscale'].map((variant) => `oci:${out}/${variant}:${talos}`)
    const { status } = await judgeHere([...images, '--lock', path, '--report', report])
    const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
    const rules = candidates.flatMap(({ variant, rules: all }) =>
      all.flatMap(({ id, level, status: said }) =>
        level === 'must' && said !== 'pass' && said !== 'not-applicable' ? [{ variant, id, status: said }] : [],
      ),
    )
    return { exit: status === 0 || status === 1 ? status : 2, rules, decisions: 0 }
  }

  it.each(STEPS)('on %s, of %s, is that by hand', async (from, to) => {
    const target = await drift(from, to)
    const decisions = target?.changes.filter(({ effect }) => effect === 'decide').length
    expect(target?.verdict).toEqual({ ...(await byHand(to)), decisions })
  })

  it('is none on a release that has not been read', async () => {
    const target = await drift('v1.14.2', UNREAD)
    expect(target?.admitted).toBe(false)
    expect(target && verdictSentence(target)).toMatch(
      /^v1\.15\.0-alpha\.0: cannot be judged: talos: capability \w+ is known for 1\.10\.0 up to, not with, 1\.15\.0-alpha\.0/,
    )
  })
})
