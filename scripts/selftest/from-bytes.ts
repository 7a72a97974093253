// Verdicts from facts that candidates share, or that an earlier run kept, held against verdicts from bytes.
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
  return compare(fromBytes, shared, 'shared facts')
}

/**
 * One sentence for each rule whose verdict is another from the facts that an earlier run kept, and one where `believed`, the
 * number of those that were given out, is none: then nothing is compared.
 */
export function compareWithKept(
  first: readonly Judged[],
  fromKept: readonly Judged[],
  believed: number,
): readonly string[] {
  const isVain = fromKept.length > 0 && believed === 0
  const keys = new Set(fromKept.map(({ candidate }) => candidate.key))
  const expected = first.filter(({ candidate }) => keys.has(candidate.key))
  return [
    ...(isVain ? ['kept facts: expected some of the first run to be believed by the second, got none'] : []),
    ...compare(expected, fromKept, 'kept facts'),
  ]
}

function compare(expected: readonly Judged[], got: readonly Judged[], from: string): readonly string[] {
  const byKey = new Map(got.map((one) => [one.candidate.key, one.rules]))
  return expected.flatMap(({ candidate: { key }, rules }) => {
    const others = new Map(byKey.get(key)?.map((rule) => [rule.id, rule]))
    const wanted = new Map(rules.map((rule) => [rule.id, rule]))
    return [...new Set([...others.keys(), ...wanted.keys()])].flatMap((id) => {
      const [right, found] = [textOf(wanted.get(id)), textOf(others.get(id))]
      return right === found ? [] : [`${key}: expected ${id} as its bytes give it, ${right}, got ${found} from ${from}`]
    })
  })
}

function textOf(rule: RuleVerdict | undefined): string {
  return rule === undefined ? 'nothing' : JSON.stringify({ ...rule, durationMs: 0 })
}
