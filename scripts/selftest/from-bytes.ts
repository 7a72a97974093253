// Verdicts from facts that candidates share, held against verdicts from each candidate's own bytes.
import { createHash } from 'node:crypto'
import type { RuleVerdict } from '../judge/verdict/conformance.ts'

type Judged = { readonly candidate: { readonly key: string }; readonly rules: readonly RuleVerdict[] }

/** `count` of `all` in an order that `seed` alone decides. */
export function sample<T extends { readonly candidate: { readonly key: string } }>(
  all: readonly T[],
  seed: number,
  count: number,
): readonly T[] {
  const place = ({ candidate }: T): string => createHash('sha256').update(`${seed} ${candidate.key}`).digest('hex')
  return all
    .map((one) => ({ one, at: place(one) }))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .slice(0, count)
    .map(({ one }) => one)
}

/** One sentence for each rule whose verdict is another from the bytes; all but the time must be equal. */
export function compareWithBytes(shared: readonly Judged[], fromBytes: readonly Judged[]): readonly string[] {
  const byKey = new Map(shared.map((one) => [one.candidate.key, one.rules]))
  return fromBytes.flatMap(({ candidate: { key }, rules }) => {
    const others = new Map(byKey.get(key)?.map((rule) => [rule.id, rule]))
    const ids = new Set([...others.keys(), ...rules.map(({ id }) => id)])
    return [...ids].flatMap((id) => {
      const [from, got] = [textOf(rules.find((rule) => rule.id === id)), textOf(others.get(id))]
      return from === got ? [] : [`${key}: expected ${id} as its bytes give it, ${from}, got ${got} from shared facts`]
    })
  })
}

function textOf(rule: RuleVerdict | undefined): string {
  return rule === undefined ? 'nothing' : JSON.stringify({ ...rule, durationMs: 0 })
}
