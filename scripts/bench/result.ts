// The measurements, and the bars that they are compared with.
import { pairedRatios, summarize, type Summary } from './measure/statistics.ts'
import type { BuildRuns } from './build.ts'
import { TAGS, type ManyRuns } from './many.ts'
import type { Run } from './measure/measure.ts'
import type { Size } from './options.ts'
import type { VerdictRuns } from './verdict.ts'

export type Result = {
  readonly size: Size
  /** Bytes of the installer image, as a registry holds it. */
  readonly imageBytes: number
  /** Milliseconds of making and serving the image. */
  readonly preparation: Readonly<Record<string, number>>
  readonly verdict?: VerdictRuns
  readonly many?: ManyRuns
  readonly build?: BuildRuns
}

export type Bar = {
  readonly what: string
  readonly limit: number
  readonly got: number
  readonly unit: '×' | 'MiB'
  readonly met: boolean
}

const MEBIBYTE = 1 << 20
const LIMITS = {
  cold: 0.4,
  tuned: 0.8,
  warm: 0.2,
  verdictMiB: 350,
  second: 0.35,
  tags: 0.25,
  recipe: 0.8,
  recipeMiB: 600,
}

export function ratioOf(runs: readonly Run[], others: readonly Run[]): Summary {
  return summarize(pairedRatios(wallTimes(runs), wallTimes(others)))
}

export function wallTimes(runs: readonly Run[]): readonly number[] {
  return runs.map(({ wallMs }) => wallMs)
}

/** The most of all runs: memory that was needed once may be needed again. */
export function peakMiB(runs: readonly Run[]): number {
  return Math.max(...runs.map(({ peakBytes }) => peakBytes)) / MEBIBYTE
}

/** Ratios by their median. */
export function judgeBars({ verdict, many, build }: Result): readonly Bar[] {
  return [
    ...(verdict === undefined
      ? []
      : [
          toBar('cold verdict / shell pipeline', LIMITS.cold, ratioOf(verdict.cold, verdict.pipeline).median, '×'),
          toBar('cold verdict / tuned pipeline', LIMITS.tuned, ratioOf(verdict.cold, verdict.tuned).median, '×'),
          toBar('warm verdict / shell pipeline', LIMITS.warm, ratioOf(verdict.warm, verdict.pipeline).median, '×'),
          toBar('peak memory of a cold verdict', LIMITS.verdictMiB, peakMiB(verdict.cold), 'MiB'),
          toBar('peak memory of a warm verdict', LIMITS.verdictMiB, peakMiB(verdict.warm), 'MiB'),
        ]),
    ...(many === undefined
      ? []
      : [
          toBar('(both variants in one run - one) / one', LIMITS.second, ratioOf(many.both, many.one).median - 1, '×'),
          toBar(`${TAGS} tags / ${TAGS} × one`, LIMITS.tags, ratioOf(many.tags, many.one).median / TAGS, '×'),
        ]),
    ...(build === undefined
      ? []
      : [
          toBar('build / by hand', LIMITS.recipe, ratioOf(build.recipe, build.byHand).median, '×'),
          toBar('peak memory of a build', LIMITS.recipeMiB, peakMiB(build.recipe), 'MiB'),
        ]),
  ]
}

function toBar(what: string, limit: number, got: number, unit: Bar['unit']): Bar {
  return { what, limit, got, unit, met: got <= limit }
}
