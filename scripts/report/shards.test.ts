// Shards: six tags in the embedded registry, judged in one run and in three shards whose reports are merged.
import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeFleet, openFleet, timeless, type Fleet, type Verdicts } from '../check-oracles-slow/adoption/fleet.ts'
import { conformanceSchema, type Conformance } from '../judge/verdict/conformance.ts'
import { countStatuses } from '../judge/verdict/sums.ts'
import { main } from '../test/main.ts'
import { judgeHere, runCommand } from '../testing/run-command.ts'
import type { Outcome } from '../testing/run-script.ts'
import { report } from './main.ts'

const PATIENCE_MS = 180_000
/** Rules over an image and over a release; all of them are asked in shards.oracle.test.ts. */
const RULES = ['--only', 'OCI-001,EXT-002,REL-001,REL-002']

const fleet: Fleet = await openFleet(3)
const { at } = fleet
afterAll(() => fleet[Symbol.asyncDispose]())
const shardFiles = [1, 2, 3].map((index) => at(`shard-${index}.json`))
const read = async (path: string): Promise<Conformance> =>
  conformanceSchema.parse(JSON.parse(await readFile(path, 'utf8')))
const lastLine = ({ stdout }: Pick<Outcome, 'stdout'>): string => stdout.trimEnd().split('\n').at(-1) ?? ''
const merge = (files: readonly string[], ...args: readonly string[]) =>
  runCommand(report, ['merge', ...files, '--report', at('merged.json'), ...args])

const isRed = ({ status }: any): boolean => status === 'fail'
/** A report that agrees with itself, from which an image is gone. */
const withoutFirst = (one: any): void => {
  one.candidates.shift()
  one.shard.positions.shift()
  one.shard.images -= 1
  one.counts = countStatuses(one.candidates)
}
const edit = async (file: string, change: (report: any) => void, name = 'edited.json'): Promise<string> => {
  const changed = JSON.parse(await readFile(file, 'utf8'))
  change(changed)
  await writeFile(at(name), JSON.stringify(changed))
  return at(name)
}

describe('six tags', { timeout: PATIENCE_MS }, () => {
  let statuses: readonly (number | null)[]
  let verdicts: Verdicts
  beforeAll(async () => {
    const seen: (number | null)[] = []
    verdicts = await judgeFleet(
      fleet,
      async (name, args) => {
        const { exit } = await runCommand(name === 'test' ? main : report, args)
        seen.push(exit)
        return exit
      },
      { of: 3, more: RULES },
    )
    statuses = seen
  }, PATIENCE_MS)

  it('in three shards are the verdict of one run', async () => {
    const { whole, merged } = verdicts
    expect(timeless(merged)).toEqual(timeless(whole))
    expect(whole.candidates).toHaveLength(6 + 3)
    // One run, its shards, of which one has the wrong image, and the merge.
    expect(statuses).toEqual([1, 0, 1, 0, 1])
    const { exit, stdout, stderr } = await merge(shardFiles.toReversed())
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: '' })
    expect(lastLine({ stdout })).toMatch(/^RED: 6 candidates and their 3 releases: /)
    expect(timeless(await read(at('merged.json')))).toEqual(timeless(whole))
  })

  it('are shared out evenly, images of one release together', () => {
    const tags = verdicts.shards.map(({ candidates }) =>
      candidates.map(({ reference }) => reference.slice(reference.lastIndexOf(':') + 1)),
    )
    expect(tags).toEqual(['0', '1', '2'].map((build) => Array.from({ length: 3 }, () => `v1.11.5-0000000${build}`)))
  })

  const [first = '', second = '', third = ''] = shardFiles
  it.each<[string, (report: any) => void, RegExp]>([
    ['by other rules', (one) => (one.rules = '0.0.1'), /edited\.json is by .*, rules 0\.0\.1; this is /],
    ['by another version', (one) => (one.tool.version = '9.9.9'), /is by talos-image-contract 9\.9\.9/],
    ['by another contract', (one) => (one.contract.sha256 = 'x'), /has another contract than /],
    ['by another lock', (one) => (one.lock.sha256 = 'x'), /has another lock than /],
    ['without a lock', (one) => delete one.lock, /has another lock than /],
    ['that no lock pins', (one) => (one.pinned = !one.pinned), /has another answer to whether a lock pins it than /],
    ['with other waivers', (one) => (one.waivers.sha256 = 'x'), /has another waivers than /],
    ['of other rules', (one) => (one.only = ['OCI']), /has another selection \(--only\) than /],
    ['of another list', (one) => (one.shard.list = 'x'), /has another list of images than /],
    ['of another number', (one) => (one.shard.of = 4), /has another number of shards than /],
    ['that is another shard', (one) => (one.shard.index = 2), /shard 1\/3 is missing[^]*shard 2\/3 is there 2 times/],
    ['without a rule', (one) => one.candidates[0].rules.pop(), /edited\.json has \d+ rules of \S+, expected \d+/],
    ['with a weaker rule', (one) => (one.candidates[0].rules[0].level = 'should'), /rules of \S+, expected/],
    ['without an image', withoutFirst, /each of 6 images, got 5/],
    ['with an image twice', (one) => (one.shard.positions[0] = one.shard.positions[1]), /on 5 of them/],
    ['without a position', (one) => one.shard.positions.pop(), /verdicts and \d+ positions/],
    ['that is no report', (one) => delete one.candidates, /edited\.json cannot be read: it is no report/],
    ['that is a whole', (one) => delete one.shard, /no shard of one/],
  ])('with a shard %s are no verdict', async (_, change, said) => {
    await writeFile(at('merged.json'), 'of yesterday')
    const { exit, stdout, stderr } = await merge([second, third, await edit(first, change)])
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toMatch(said)
    await expect(readFile(at('merged.json'))).rejects.toThrow(/ENOENT/)
  })

  it('without a shard, or with one twice, are no verdict', async () => {
    expect((await merge([first, second])).stderr).toMatch(/shard 3\/3 is missing/)
    expect((await merge([...shardFiles, third])).stderr).toMatch(/shard 3\/3 is there 2 times: /)
    expect(await merge([at('absent.json')])).toMatchObject({ exit: 2, stderr: expect.stringMatching(/ENOENT/) })
  })

  it('say that a waiver is not needed where none of them needs it', async () => {
    const sentence = 'waiver of EXT-016 is not needed any more: take it out'
    const use = (needed: readonly string[], unneeded: readonly string[]) => (one: any) =>
      (one.shard.waivers = { needed, unneeded })
    const [one, other] = [
      await edit(first, use([], [sentence]), 'a.json'),
      await edit(third, use([sentence], []), 'b.json'),
    ]
    expect((await merge([one, second, other])).stdout).not.toContain(sentence)
    expect((await merge([one, second, third])).stdout).toContain(`run error: ${sentence}`)
    // What could not be judged alone is no verdict of the whole either.
    expect((await read(at('merged.json'))).candidates.map(({ exitCode }) => exitCode)).not.toContain(0)
  })

  it.each<[string, (report: any) => void, RegExp]>([
    [
      'an exit code',
      (one) => (one.exitCode = 0),
      /edited\.json contradicts itself about its exit code of all: it says 0, its verdicts give 1/,
    ],
    ['that of an image', (one) => (one.candidates[0].exitCode = 0), /exit codes: it says \[0,/],
    ['a status', (one) => (one.candidates[0].rules.find(isRed).status = 'pass'), /rules by status: it says \{/],
    [
      'a verdict on a release less, and its place',
      (one) => [one.candidates, one.shard.positions].map((all) => all.pop()),
      /verdicts on releases: it says 1, its verdicts give 0/,
    ],
    [
      'the red image less, and its place',
      (one) => [one.candidates, one.shard.positions].map((all) => all.shift()),
      /verdicts on images: it says 2, its verdicts give 1/,
    ],
  ])('with a shard that was changed are no verdict: %s', async (_, change, said) => {
    const told = await edit(second, change)
    const { exit, stderr } = await merge([first, told, third])
    expect(exit).toBe(2)
    expect(stderr).toMatch(said)
  })

  it('are judged by one value of every option that says what is judged', async () => {
    const other = await edit(third, (one) => (one.shard.judgedBy = { '--trusted-root': 'x', '--target': 'image' }))
    const { exit, stderr } = await merge([first, second, other])
    expect(exit).toBe(2)
    expect(stderr).toMatch(/edited\.json was judged with another --target than [^]* with another --trusted-root than /)
  })
})

describe('a shard', { timeout: PATIENCE_MS }, () => {
  it('without an image says so, and the merge counts it', async () => {
    const [one = ''] = fleet.list
    const files = [at('one.json'), at('none.json')]
    const run = (index: number) =>
      judgeHere([
        one,
        ...RULES,
        '--structure-only',
        '--cache',
        at('cache'),
        '--report',
        files[index - 1] ?? '',
        '--shard',
        `${index}/2`,
      ])
    const [own, none] = [await run(1), await run(2)]
    expect(own).toMatchObject({ status: 0, stderr: '' })
    expect(lastLine(own)).toMatch(/^GREEN: 1 candidate: .*; shard 1\/2 of 1 images, /)
    expect(none.status).toBe(0)
    expect(lastLine(none)).toMatch(/^NOTHING TO JUDGE: 0 candidates; shard 2\/2 of 1 images, /)
    expect((await merge(files)).exit).toBe(0)
    expect((await merge(files.slice(1))).stderr).toMatch(/shard 1\/2 is missing/)
  })

  it.each([
    [['--shard', '1/2'], /--shard judges a share of a list of images/],
    [['oci:x', '--shard', '3/2'], /expected I\/N, such as 2\/8/],
    [['oci:x', '--shard', '0/2'], /expected I\/N/],
    [['oci:x', '--shard', '1/2', '--reproduce'], /--reproduce is not shared out/],
  ])('is refused: %j', async (args, said) => {
    const { status, stderr } = await judgeHere([...args, '--report', at('refused.json')])
    expect(status).toBe(2)
    expect(stderr).toMatch(said)
  })
})
