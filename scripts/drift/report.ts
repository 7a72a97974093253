// The report of drift: one value, of which everything that is printed or written is a rendering.
import { z } from 'zod'
import { changeSchema } from './changes/change.ts'

const newerSchema = z.strictObject({ talos: z.string(), kind: z.enum(['patch', 'minor', 'pre-release']) })

const verdictSchema = z.union([
  z.strictObject({
    /** The exit status of `npm test`. */
    exit: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    /** Rules that keep it from being green: `spin-only: KRN-004`. */
    rules: z.array(z.strictObject({ variant: z.string(), id: z.string(), status: z.string() })).readonly(),
    /** Changes that somebody must decide. */
    decisions: z.int().nonnegative(),
  }),
  /** The reason that nothing was built or judged. */
  z.strictObject({ reason: z.string() }),
])

const targetSchema = z.strictObject({
  talos: z.string(),
  kind: z.enum(['patch', 'minor', 'pre-release']),
  /** True where the contract's range admits the release. */
  admitted: z.boolean(),
  changes: z.array(changeSchema).readonly(),
  verdict: verdictSchema.optional(),
})

export const driftSchema = z.strictObject({
  schema: z.literal(1),
  from: z.string(),
  upstream: z.string(),
  /** Oldest first. */
  newer: z.array(newerSchema).readonly(),
  /** Differences from the locked release as its lock has it. */
  locked: z.array(changeSchema).readonly(),
  /** The releases that were read, the one that is judged first. */
  targets: z.array(targetSchema).readonly(),
})

export type Drift = Readonly<z.infer<typeof driftSchema>>
export type DriftTarget = Drift['targets'][number]
export type DriftVerdict = Readonly<z.infer<typeof verdictSchema>>

/** True where there is anything to report. */
export function isDrift({ newer, locked }: Drift): boolean {
  return newer.length + locked.length > 0
}

/** `v1.14.2: would be GREEN after 2 decisions` */
export function verdictSentence({ talos, verdict }: DriftTarget): string {
  if (verdict === undefined) return `${talos}: not built`
  if ('reason' in verdict) return `${talos}: cannot be judged: ${verdict.reason}`
  const { exit, rules, decisions } = verdict
  const after = decisions === 0 ? '' : ` after ${decisions} decision${decisions === 1 ? '' : 's'}`
  const word = exit === 0 ? `GREEN${after}` : exit === 1 ? 'RED' : 'INCONCLUSIVE'
  const names = [...new Set(rules.map(({ id, status }) => `${id} ${status}`))]
  return `${talos}: would be ${word}${names.length === 0 ? '' : ` (${names.join(', ')})`}`
}
