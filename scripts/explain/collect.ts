// The documentation of a rule, collected from its sources: rule index, spec file, counterexamples.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counterexample } from '#fixtures/counterexamples/counterexample.ts'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { modulePath, ROOT } from '../root.ts'

export type Explanation = {
  readonly rule: RuleIndexEntry
  /** The consequence of breaking the rule; absent while no counterexample states it. */
  readonly why?: string
  /** The source named at the head of the spec file. */
  readonly source: string
  readonly needs: readonly RuleIndexEntry[]
  /** Ids of the rules that are blocked while this one fails. */
  readonly neededBy: readonly string[]
  readonly counterexamples: readonly Pick<Counterexample, 'name' | 'because'>[]
}

/** Explanations in the rule index's order. `sourceOf` gives the text of a spec file. */
export async function collectExplanations(
  { requirements }: RuleIndex,
  counterexamples: readonly Pick<Counterexample, 'name' | 'because' | 'violates'>[],
  sourceOf: (file: string) => Promise<string> = (file) => readFile(join(ROOT, modulePath(file)), 'utf8'),
): Promise<readonly Explanation[]> {
  const files = [...new Set(requirements.map(({ file }) => file))]
  const sources = new Map(await Promise.all(files.map(async (file) => [file, headOf(await sourceOf(file))] as const)))
  return requirements.map((rule) => {
    const own = counterexamples.filter(({ violates }) => violates.includes(rule.id))
    // One that breaks this rule alone says best what the rule is for.
    const why = (own.find(({ violates }) => violates.length === 1) ?? own[0])?.because
    return {
      rule,
      ...(why !== undefined && { why }),
      source: sources.get(rule.file) ?? '',
      needs: requirements.filter(({ id }) => rule.needs.includes(id)),
      neededBy: requirements.filter(({ needs }) => needs.includes(rule.id)).map(({ id }) => id),
      counterexamples: own.map(({ name, because }) => ({ name, because })),
    }
  })
}

/** The comment that a file begins with, as one line. */
export function headOf(text: string): string {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.slice(2).trim())
    .join(' ')
}
