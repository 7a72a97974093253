import { describe, expect, it } from 'vitest'
import { recipePhases } from './build.ts'
import type { Run } from './measure/measure.ts'
import { toCommand } from './npm-script.ts'
import { renderResult } from './render.ts'
import { judgeBars, type Result } from './result.ts'
import { verdictPhases } from './verdict.ts'

const run = (wallMs: number, peakMiB = 100): Run => ({
  wallMs,
  cpuMs: wallMs,
  peakBytes: peakMiB << 20,
  phases: { first: wallMs / 4, second: wallMs },
})
const common = { size: '140', imageBytes: 150 << 20, preparation: { serve: 1500 } } as const
const verdict = {
  cold: [run(1600, 340), run(2400)],
  warm: [run(500), run(700)],
  start: [run(400), run(400)],
  pipeline: [run(4000), run(6000)],
  tuned: [run(2000), run(3000)],
  limit: [run(300), run(300)],
}
const one = [run(1000)]
const many = { one, both: [run(1340)], second: one, contract: one, tags: [run(5000)], diff: one, lint: one }
const build = { recipe: [run(800)], byHand: [run(1000)] }

describe('judgeBars', () => {
  it('meets a bar that is just reached', () => {
    const bars = judgeBars({ ...common, verdict, many, build })
    expect(bars.filter(({ met }) => !met)).toEqual([])
    expect(bars).toHaveLength(9)
  })

  it.each<[string, Partial<Result>]>([
    ['cold verdict / shell pipeline', { verdict: { ...verdict, pipeline: [run(3900), run(5900)] } }],
    ['cold verdict / tuned pipeline', { verdict: { ...verdict, tuned: [run(1900), run(2900)] } }],
    ['warm verdict / shell pipeline', { verdict: { ...verdict, warm: [run(900), run(1300)] } }],
    ['peak memory of a cold verdict', { verdict: { ...verdict, cold: [run(10), run(10, 351)] } }],
    ['peak memory of a warm verdict', { verdict: { ...verdict, warm: [run(10, 351), run(10)] } }],
    ['(both variants in one run - one) / one', { many: { ...many, both: [run(1351)] } }],
    ['20 tags / 20 × one', { many: { ...many, tags: [run(5001)] } }],
    ['build / by hand', { build: { ...build, recipe: [run(801)] } }],
    ['peak memory of a build', { build: { ...build, recipe: [run(10, 601)] } }],
  ])('misses: %s', (what, measured) => {
    const missed = judgeBars({ ...common, ...measured }).filter(({ met }) => !met)
    expect(missed.map((bar) => bar.what)).toEqual([what])
  })
})

describe('renderResult', () => {
  it('shows runs, phases and bars', () => {
    const byHand = [run(2000), run(1000)]
    expect(renderResult({ ...common, build: { recipe: [run(3000, 500), run(1300)], byHand } })).toBe(
      `image of 140 MiB (150.0 MiB in the registry)
  serve 1.50 s

2 runs each          median        min … max  × build by hand    min … max     CPU  peak RSS
build by the recipe  2.15 s  1.30 s … 3.00 s             1.40  1.30 … 1.50  2.15 s   500 MiB
build by hand        1.50 s  1.00 s … 2.00 s                                1.50 s   100 MiB

build by the recipe by phase  median        min … max
  first                       0.54 s  0.33 s … 0.75 s
  second                      2.15 s  1.30 s … 3.00 s

build by hand by phase  median        min … max
  first                 0.38 s  0.25 s … 0.50 s
  second                1.50 s  1.00 s … 2.00 s

MISSED build / by hand: 1.40 ×, at most 0.80 ×
met    peak memory of a build: 500 MiB, at most 600 MiB
`,
    )
  })
})

describe('verdictPhases', () => {
  it('leaves to the pull what is neither start nor rules', () => {
    const rules = [{ durationMs: 200 }, { durationMs: 300 }]
    const report = { candidates: [{ rules }] } as unknown as Parameters<typeof verdictPhases>[2]
    expect(verdictPhases(2000, 600, report)).toEqual({
      'start Node and load': 600,
      'pull, start vitest': 900,
      rules: 500,
    })
  })
})

describe('recipePhases', () => {
  it('adds up steps of one kind', () => {
    const lines = [
      { text: 'spin-only: reading drbd', atMs: 10 },
      { text: 'spin-only: squashing drbd', atMs: 15 },
      { text: 'spin-only: squashing zfs', atMs: 35 },
      { text: 'spin-only: writing the image', atMs: 100 },
      { text: '  v1.11.5', atMs: 110 },
    ]
    expect(recipePhases(lines, 120)).toEqual({ 'start Node and load': 10, reading: 5, squashing: 85, writing: 20 })
  })
})

describe('toCommand', () => {
  it('runs what package.json says on this Node', () => {
    expect(toCommand('node --import ./scripts/preload.mjs a.ts', ['x y'])).toEqual({
      command: process.execPath,
      args: ['--import', './scripts/preload.mjs', 'a.ts', 'x y'],
    })
    expect(toCommand('vitest run', []).command).toBe('vitest')
  })
})
