// The rule index: every requirement that a run must account for. Generated from the spec files by `npm run rule-index`.
import { z } from 'zod'

const requirementSchema = z.strictObject({
  id: z.string(),
  level: z.enum(['must', 'should']),
  targets: z
    .array(z.enum(['image', 'installer', 'assets', 'media', 'release', 'registry', 'config', 'node', 'boot']))
    .readonly(),
  needs: z.array(z.string()).readonly(),
  pinned: z.boolean(),
  /** True for rules that are judged only where there is no lock. */
  unpinned: z.literal(true).optional(),
  scope: z.enum(['part', 'installer', 'parts', 'release', 'project']),
  forms: z
    .array(z.enum(['uki', 'dir', 'iso', 'raw']))
    .readonly()
    .optional(),
  only: z
    .strictObject({
      role: z.literal('gateway').optional(),
      extension: z.string().optional(),
      service: z.string().optional(),
      profile: z.literal('cozystack').optional(),
      reference: z.literal(true).optional(),
      schematic: z.literal(true).optional(),
    })
    .optional(),
  sentence: z.string(),
  fix: z.string(),
  file: z.string(),
})

export const ruleIndexSchema = z.strictObject({
  /** major: an image that conformed may now fail; minor: new `should`s or variants; patch: wording. */
  version: z.string(),
  requirements: z.array(requirementSchema).readonly(),
  retired: z.array(z.strictObject({ id: z.string(), reason: z.string() })).readonly(),
})

export type RuleIndexEntry = Readonly<z.infer<typeof requirementSchema>>
export type RuleIndex = Readonly<z.infer<typeof ruleIndexSchema>>

/**
 * `ids` (or areas such as `KRN`) with all that they need, in the rule index's order; undefined names what is unknown.
 */
export function selectRules(
  ruleIndex: RuleIndex,
  names: readonly string[],
): { ids: readonly string[]; unknown: readonly string[] } {
  const byId = new Map(ruleIndex.requirements.map((entry) => [entry.id, entry]))
  const matches = (name: string): readonly RuleIndexEntry[] =>
    ruleIndex.requirements.filter((entry) => entry.id === name || entry.id.startsWith(`${name}-`))
  const chosen = new Set<string>()
  const add = (entry: RuleIndexEntry): void => {
    if (chosen.has(entry.id)) return
    chosen.add(entry.id)
    for (const need of entry.needs) {
      const needed = byId.get(need)
      if (needed !== undefined) add(needed)
    }
  }
  for (const name of names) for (const entry of matches(name)) add(entry)
  return {
    ids: ruleIndex.requirements.filter((entry) => chosen.has(entry.id)).map((entry) => entry.id),
    unknown: names.filter((name) => matches(name).length === 0),
  }
}
