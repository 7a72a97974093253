// The measurements for a person: a table of runs, where the time went, and the bars.
import { summarize } from './measure/statistics.ts'
import { TAGS } from './many.ts'
import type { Run } from './measure/measure.ts'
import { judgeBars, peakMiB, ratioOf, wallTimes, type Bar, type Result } from './result.ts'

const MEBIBYTE = 1 << 20

type Row = readonly string[]

export function renderResult(result: Result): string {
  const { size, imageBytes, preparation, verdict, many, build } = result
  const made = Object.entries(preparation).map(([phase, ms]) => `${phase} ${seconds(ms)}`)
  return [
    `image of ${size} MiB (${(imageBytes / MEBIBYTE).toFixed(1)} MiB in the registry)`,
    ...(made.length > 0 ? [`  ${made.join(', ')}`] : []),
    ...(verdict === undefined
      ? []
      : renderRuns(
          {
            'cold verdict': verdict.cold,
            'warm verdict': verdict.warm,
            'start alone': verdict.start,
            'tuned pipeline': verdict.tuned,
            'hash, zstd alone': verdict.limit,
            ...(verdict.crane !== undefined && { 'crane validate': verdict.crane }),
          },
          'shell pipeline',
          verdict.pipeline,
        )),
    ...(many === undefined
      ? []
      : renderRuns(
          {
            'both variants in one run': many.both,
            'the second after the first': many.second,
            'another contract': many.contract,
            [`${TAGS} tags in one run`]: many.tags,
            'diff of the variants': many.diff,
            'lint of 20 configurations': many.lint,
          },
          'one cold verdict',
          many.one,
        )),
    ...(build === undefined ? [] : renderRuns({ 'build by the recipe': build.recipe }, 'build by hand', build.byHand)),
    '',
    ...judgeBars(result).map(renderBar),
    '',
  ].join('\n')
}

function renderRuns(ours: Readonly<Record<string, readonly Run[]>>, name: string, theirs: readonly Run[]): string[] {
  const rows = Object.entries(ours).map(([own, runs]) => toRow(own, runs, theirs))
  const head = [`${theirs.length} runs each`, 'median', 'min … max', `× ${name}`, 'min … max', 'CPU', 'peak RSS']
  const all = { ...ours, [name]: theirs }
  return [
    '',
    ...table([head, ...rows, toRow(name, theirs)]),
    ...Object.entries(all).flatMap(([own, runs]) =>
      Object.keys(runs[0]?.phases ?? {}).length === 0 ? [] : ['', ...table(phaseRows(own, runs))],
    ),
  ]
}

function toRow(name: string, runs: readonly Run[], others?: readonly Run[]): Row {
  const { median, min, max } = summarize(wallTimes(runs))
  const ratio = others && ratioOf(runs, others)
  return [
    name,
    seconds(median),
    `${seconds(min)} … ${seconds(max)}`,
    ratio === undefined ? '' : ratio.median.toFixed(2),
    ratio === undefined ? '' : `${ratio.min.toFixed(2)} … ${ratio.max.toFixed(2)}`,
    seconds(summarize(runs.map(({ cpuMs }) => cpuMs)).median),
    `${peakMiB(runs).toFixed(0)} MiB`,
  ]
}

/** Medians, which need not add up to that of the whole. */
function phaseRows(name: string, runs: readonly Run[]): readonly Row[] {
  const phases = Object.keys(runs[0]?.phases ?? {})
  return [
    [`${name} by phase`, 'median', 'min … max'],
    ...phases.map((phase) => {
      const { median, min, max } = summarize(runs.map((run) => run.phases[phase] ?? 0))
      return [`  ${phase}`, seconds(median), `${seconds(min)} … ${seconds(max)}`]
    }),
  ]
}

function renderBar({ what, limit, got, unit, met }: Bar): string {
  const show = (value: number): string => (unit === '×' ? `${value.toFixed(2)} ×` : `${value.toFixed(0)} MiB`)
  return `${met ? 'met   ' : 'MISSED'} ${what}: ${show(got)}, at most ${show(limit)}`
}

function table(rows: readonly Row[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
