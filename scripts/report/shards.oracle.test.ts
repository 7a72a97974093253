// 16 tags in the embedded registry, by all rules: four shards give the verdict of one run.
import { expect, it } from 'vitest'
import { judgeFleet, openFleet, timeless, type Run } from '../check-oracles-slow/adoption/fleet.ts'
import { main } from '../test/main.ts'
import { runCommand } from '../testing/run-command.ts'
import { report } from './main.ts'

const PATIENCE_MS = 600_000

it('judges 16 tags in 4 shards as in one run', { timeout: PATIENCE_MS }, async () => {
  await using fleet = await openFleet(8)
  const run: Run = async (name, args) => (await runCommand(name === 'test' ? main : report, args)).exit
  const { whole, merged, shards } = await judgeFleet(fleet, run, { of: 4 })
  expect(timeless(merged)).toEqual(timeless(whole))
  expect(whole.candidates).toHaveLength(16 + 8)
  expect(whole.candidates.filter(({ exitCode }) => exitCode === 1).map(({ reference }) => reference)).toContain(
    fleet.wrong,
  )
  // Two releases of two images in each.
  expect(shards.map(({ candidates }) => candidates.length)).toEqual([6, 6, 6, 6])
})
