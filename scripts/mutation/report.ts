// The end of each mutant, area by area, and the reasons for which some survive.
import type { Fate } from './campaign.ts'
import { describeMutation, type Mutant } from './mutant.ts'

/** The share of mutants that must be killed, in per cent. */
const MIN_KILLED_PERCENT = 90

export type Survivor = { readonly mutant: Mutant; readonly reason: string | undefined }

export type MutationReport = {
  readonly schema: 1
  readonly killed: number
  readonly total: number
  readonly percent: number
  readonly areas: Readonly<Record<string, { readonly killed: number; readonly total: number }>>
  readonly survivors: readonly {
    readonly file: string
    readonly line: number
    readonly operator: string
    readonly mutation: string
    readonly rules: readonly string[]
    readonly reason?: string
  }[]
  /** Reasons that no survivor needs. */
  readonly needless: readonly string[]
}

/** An area is a folder of specs: `oci`, `config`. */
export function toReport(
  fates: readonly Fate[],
  survivors: readonly Survivor[],
  needless: readonly string[] = [],
): MutationReport {
  const killed = fates.filter(({ killedBy }) => killedBy !== undefined).length
  const byArea = Map.groupBy(fates, ({ mutant }) => mutant.file.split('/')[1] ?? '')
  return {
    schema: 1,
    killed,
    total: fates.length,
    percent: percentOf(killed, fates.length),
    areas: Object.fromEntries(
      [...byArea].map(([area, own]) => [
        area,
        { killed: own.filter(({ killedBy }) => killedBy !== undefined).length, total: own.length },
      ]),
    ),
    survivors: survivors.map(({ mutant, reason }) => ({
      file: mutant.file,
      line: mutant.line,
      operator: mutant.operator,
      mutation: describeMutation(mutant),
      rules: mutant.ids,
      ...(reason !== undefined && { reason }),
    })),
    needless,
  }
}

export function exitCodeOfMutation({ percent, survivors, needless }: MutationReport): 0 | 1 {
  const isExplained = needless.length === 0 && survivors.every(({ reason }) => reason !== undefined)
  return percent >= MIN_KILLED_PERCENT && isExplained ? 0 : 1
}

export function renderReport(report: MutationReport, seconds: number): string {
  const width = Math.max(4, ...Object.keys(report.areas).map((area) => area.length))
  const areas = Object.entries(report.areas).map(
    ([area, { killed, total }]) =>
      `${area.padEnd(width)} ${String(killed).padStart(5)} of ${String(total).padStart(4)}  ${percentOf(killed, total)} %`,
  )
  const lines = report.survivors.map(({ file, line, operator, mutation, rules, reason }) =>
    [
      `${reason === undefined ? 'RED ' : ''}${file}:${line} ${operator}: ${mutation} (${rules.join(', ')})`,
      `  ${reason === undefined ? 'no reason why it may survive: add a counterexample, or a reason to scripts/mutation/survivors.yaml' : `because ${reason}`}`,
    ].join('\n'),
  )
  const unexplained = report.survivors.filter(({ reason }) => reason === undefined).length
  const verdict = exitCodeOfMutation(report) === 0 ? 'GREEN' : 'RED'
  return [
    ...lines,
    ...report.needless.map((one) => `RED scripts/mutation/survivors.yaml: nothing survives any more of ${one}`),
    '',
    ...areas,
    '',
    `${verdict}: ${report.killed} of ${report.total} mutants killed (${report.percent} %, at least ${MIN_KILLED_PERCENT} %), ` +
      `${report.survivors.length} survivors, ${unexplained} of them without a reason (${seconds.toFixed(0)} s)`,
    '',
  ].join('\n')
}

/** One decimal, rounded down: 89.96 is not 90. */
function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part / whole) * 1000) / 10
}
