// `npm run drift` against a registry that is as upstream's is, and as upstream's is on a bad day.
import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cpuMs } from '#harness/testing/cpu-time.ts'
import { withQuickRetries } from '#harness/testing/registry-client.ts'
import { parseLock } from '#specs/contract/lock.ts'
import { ROOT } from '../root.ts'
import { lock } from '../lock/main.ts'
import { runCommand } from '../testing/run-command.ts'
import { serveUpstream, type SignedUpstream } from '../testing/signed-upstream.ts'
import { drift } from './main.ts'
import { driftSchema, type Drift } from './report.ts'

const FROM = 'v1.12.9'
const TO = 'v1.13.9'
const WORKER = join(ROOT, 'fixtures/golden/machine-config/worker-spin-only-1.11.yaml')
const PATIENCE_MS = 240_000

const lockOf = async (served: SignedUpstream, talos: string, name: string): Promise<string> => {
  const path = join(served.folder, name)
  const args = ['--talos', talos, '--lock', path, '--accept-moved', ...reach(served)]
  const { exit, stderr } = await runCommand(lock, args)
  expect(exit, stderr).toBe(0)
  return path
}
const reach = (served: SignedUpstream): readonly string[] =>
  ['--upstream', served.namespace, '--trusted-root', served.trustedRoot].concat('--cache', join(served.folder, 'cache'))
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

describe('npm run drift', { timeout: PATIENCE_MS }, () => {
  let served: SignedUpstream
  let newest: string
  let older: string
  beforeAll(async () => {
    served = await serveUpstream([FROM, TO])
    newest = await lockOf(served, TO, 'newest.json')
    older = await lockOf(served, FROM, 'older.json')
  }, PATIENCE_MS)
  afterAll(() => served[Symbol.asyncDispose]())

  const run = (...args: readonly string[]) => runCommand(drift, ['--no-judge', ...reach(served), ...args])
  const report = async (...args: readonly string[]): Promise<Drift> => {
    const file = join(served.folder, 'report.json')
    const { exit, stderr } = await run('--output', `json=${file}`, ...args)
    expect(exit, stderr).toBe(3)
    return driftSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  }

  it('has one line to say where there is none, and asks for tags and nothing else', async () => {
    const before = served.registry.requests.length
    const started = cpuMs()
    const { exit, stdout, stderr } = await run('--from', newest)
    const took = cpuMs() - started
    expect([exit, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`no drift: Talos ${TO} is the newest of ${served.namespace}, and as the lock has it\n`)
    expect(took).toBeLessThan(2000)
    const asked = served.registry.requests.slice(before).map(({ path }) => path)
    // The list of tags once; of ten images the tag and the tag of their signature.
    expect(asked.filter((path) => path.includes('/tags/list'))).toHaveLength(1)
    expect(asked.filter((path) => path.includes('/blobs/'))).toEqual([])
    expect(asked.length).toBeLessThanOrEqual(1 + 11 * 2)
  })

  it('distinguishes patches and minors, and pre-releases only when asked', async () => {
    const { tags } = served.registry.content.find('siderolabs/installer-base') ?? {}
    const digest = tags?.get(FROM)
    for (const tag of ['v1.12.10', 'v1.99.0-alpha.0', 'v1.12.10-amd64']) tags?.set(tag, digest ?? ('' as never))
    try {
      expect((await report('--from', older)).newer).toEqual([
        { talos: 'v1.12.10', kind: 'patch' },
        { talos: TO, kind: 'minor' },
      ])
      // Only the tag of that release exists.
      const { exit, stderr } = await run('--from', older, '--pre')
      expect(exit).toBe(2)
      expect(stderr).toContain('v1.99.0-alpha.0')
    } finally {
      for (const tag of ['v1.12.10', 'v1.99.0-alpha.0', 'v1.12.10-amd64']) tags?.delete(tag)
    }
  })

  it('says what is known to be bad, without building it', async () => {
    const advisories = join(served.folder, 'advisories.yaml')
    const entry = (id: string, more: string): string =>
      `  - {id: ${id}, title: something is wrong, source: "https://example.com/1", level: must, effect: it is disliked, ${more}}\n`
    const path = 'usr/local/lib/containers/tailscale/usr/bin/iptables'
    const entries = [
      entry('of-the-old', `extension: {name: spin, version: '0.23.0'}`),
      entry('of-the-new', `talos: '1.13.9', when: {present: ${path}}`),
      entry(
        'of-neither',
        `talos: '>=1.12.0', when: {missing: ${path}}, extension: {name: tailscale, version: '1.102.2'}`,
      ),
    ]
    await writeFile(advisories, `schema: 1\nadvisories:\n${entries.join('')}`)
    const { locked, targets } = await report('--from', older, '--advisories', advisories)
    expect(locked.map(({ id, effect, rules }) => [id, effect, rules])).toEqual(
      [
        ['advisory.drbd-9.2.16-queue-limits', 'decide', ['REL-011']],
        ['advisory.of-the-old', 'breaks', ['REL-010']],
      ].toReversed(),
    )
    const known = targets.flatMap(({ changes }) => changes.filter(({ id }) => id.startsWith('advisory.')))
    expect(known.map(({ id }) => id)).toEqual(['advisory.of-the-new'])
  })

  it('writes the lock that npm run lock writes', async () => {
    const path = join(served.folder, 'written.json')
    const { exit, stderr } = await run('--from', older, '--write-lock', path)
    expect(exit, stderr).toBe(3)
    expect(parseLock(await readFile(path), path)).toEqual(parseLock(await readFile(newest), newest))
  })

  it('judges a machine configuration as the new release reads it', async () => {
    const [file, config] = [join(served.folder, 'config.json'), join(served.folder, 'worker.yaml')]
    const worker = await readFile(WORKER, 'utf8')
    await writeFile(config, worker.replace(/^machine:\n/m, 'machine:\n    nothingThatTalosKnows: true\n'))
    const args = ['--from', older, '--to', TO, '--output', `json=${file}`, '--config', config, ...reach(served)]
    const { exit, stderr } = await runCommand(drift, args)
    expect(exit, stderr).toBe(3)
    const { targets } = driftSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    const rules = [{ variant: 'spin-only', id: 'CFG-012', status: 'fail' }]
    const [{ verdict } = { verdict: undefined }] = targets
    if (verdict === undefined || 'reason' in verdict) throw new Error('expected a verdict')
    expect(verdict.exit).toBe(1)
    expect(verdict.rules.filter(({ status }) => status !== 'blocked')).toEqual(rules)
  })

  it('says the same in Markdown and SARIF', async () => {
    const [markdown, sarif] = [join(served.folder, 'drift.md'), join(served.folder, 'drift.sarif')]
    const { locked, targets } = await report(
      '--from',
      older,
      '--output',
      `markdown=${markdown}`,
      '--output',
      `sarif=${sarif}`,
    )
    const changes = [...locked, ...targets.flatMap((target) => target.changes)]
    const rows = (await readFile(markdown, 'utf8')).split('\n').filter((line) => /^\| (breaks|decide|note) /.test(line))
    expect(rows).toHaveLength(changes.length)
    const { runs } = JSON.parse(await readFile(sarif, 'utf8'))
    expect(runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId)).toEqual(changes.map(({ id }) => id))
  })

  it('reads a release first where it is named instead of a lock', async () => {
    const [named, locked] = [await report('--from', FROM), await report('--from', older)]
    expect(named.targets).toEqual(locked.targets)
  })

  it('keeps secret what may not be published yet', async () => {
    const { exit, stderr } = await run('--from', older, '--offline')
    expect([exit, stderr]).toEqual([2, expect.stringContaining("unknown option '--offline'")])
    expect((await run('--from', join(served.folder, 'none.json'))).exit).toBe(2)
    await writeFile(join(served.folder, 'empty.json'), '{"schema": 2}')
    expect((await run('--from', join(served.folder, 'empty.json'))).stderr).toContain('the lock names no release')
  })
})

describe('an upstream on a bad day', { timeout: PATIENCE_MS }, () => {
  let served: SignedUpstream
  let older: string
  beforeAll(async () => {
    served = await serveUpstream([FROM, TO])
    older = await lockOf(served, FROM, 'older.json')
  }, PATIENCE_MS)
  afterEach(() => served.restore())
  afterAll(() => served[Symbol.asyncDispose]())

  /** Runs drift; any status but 3 must leave nothing written. */
  const run = async () => {
    const own = await mkdtemp(join(served.folder, 'run-'))
    const [path, cache] = [join(own, 'written.json'), join(own, 'cache')]
    const args = ['--no-judge', '--from', older, '--write-lock', path, ...reach(served), '--cache', cache]
    const outcome = await runCommand(drift, args)
    if (outcome.exit !== 3) expect(await exists(path)).toBe(false)
    return outcome
  }

  it('has published half of a release', async () => {
    await served.registry.content.deleteTag('siderolabs/imager', TO)
    expect(await run()).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringContaining(`imager:${TO}`) })
  })

  it('has not signed yet', async () => {
    await served.unsign('imager')
    const { exit, stderr } = await run()
    expect([exit, stderr]).toEqual([2, expect.stringContaining(`Talos ${TO}: not signed: imager`)])
  })

  it('moves a tag while it is read', async () => {
    const { tags } = served.registry.content.find('siderolabs/imager') ?? {}
    const [digest, other] = [tags?.get(TO), tags?.get(FROM)]
    const get = tags?.get.bind(tags)
    let asked = 0
    // The first answer is the release, every later one another image.
    if (tags !== undefined) tags.get = (tag) => (tag === TO ? (asked++ === 0 ? digest : other) : get?.(tag))
    const { exit, stderr } = await run()
    expect([exit, stderr]).toEqual([2, expect.stringMatching(/imager:v1\.13\.9: the tag moved while it was read/)])
  })

  it('stops answering', async () => {
    served.registry.inject({ when: { path: /imager\/manifests\/v1\.13\.9/ }, do: { kind: 'refuse' } })
    const { exit, stderr } = await withQuickRetries(run)
    expect([exit, stderr]).toEqual([2, expect.stringContaining(`imager:${TO}`)])
  })

  it('has no extension of the contract', async () => {
    const lines = (await parseLock(await readFile(older), older)).catalogue?.images ?? []
    await served.putCatalogue(
      TO,
      lines.filter((line) => !line.includes('/spin:')),
    )
    const { exit, stdout, stderr } = await run()
    expect(exit, stderr).toBe(3)
    expect(stdout).toMatch(/^ {2}breaks {2}upstream’s catalogue has no spin/m)
  })

  it('has moved a tag of the release that is locked, and lost a signature', async () => {
    const newest = await lockOf(served, TO, 'newest.json')
    const { tags } = served.registry.content.find('siderolabs/imager') ?? {}
    tags?.set(TO, tags.get(FROM) ?? ('' as never))
    await served.unsign('zfs')
    const file = join(served.folder, 'report.json')
    const args = ['--from', newest, '--output', `json=${file}`, ...reach(served)]
    const { exit, stdout, stderr } = await runCommand(drift, args)
    expect(exit, stderr).toBe(3)
    expect(stdout).toContain('zfs')
    const { newer, locked, targets } = driftSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    expect([newer, targets]).toEqual([[], []])
    expect(locked.map(({ id, effect }) => `${effect} ${id}`)).toEqual([
      'breaks image.zfs.signature',
      'decide image.imager.tag',
    ])
  })
})
