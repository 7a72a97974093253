// The rule index as the spec files state it: collected by vitest, so that what counts is what would run.
import { relative } from 'node:path'
import { createVitest } from 'vitest/node'
import { ruleIndexSchema, type RuleIndex, type RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { RETIRED, type Retired } from '#specs/contract/retired.ts'
import type { Requirement } from '#specs/support/requirement.ts'
import type { RunInput } from '#specs/support/run.ts'
import { SPEC_GLOB } from '../judge/run/spec-run.ts'
import { ROOT } from '../root.ts'
import { areaOf, areaPlace } from '../judge/verdict/areas.ts'

const FIRST_VERSION = '0.1.0'

/** The reason that no rule index can be made of the spec files; one sentence for the person who changed them. */
export class RuleIndexError extends Error {
  override name = 'RuleIndexError'
}

/**
 * The rule index after `current`, the text of the last one. RuleIndexError when spec files do not load, when an id is stated
 * twice or is retired, when a need is not stated, or when an id of `current` is gone.
 */
export async function collectRuleIndex(current: string): Promise<RuleIndex> {
  const requirements = (await collectRequirements()).toSorted(byArea)
  const last = current === '' ? undefined : (JSON.parse(current) as RuleIndex)
  assertBaseline(requirements)
  if (last !== undefined) assertNoneLost(last, requirements)
  return ruleIndexSchema.parse({
    version: last?.version ?? FIRST_VERSION,
    requirements,
    retired: RETIRED,
  })
}

export function formatRuleIndex(ruleIndex: RuleIndex): string {
  return `${JSON.stringify(ruleIndex, null, 2)}\n`
}

async function collectRequirements(): Promise<readonly RuleIndexEntry[]> {
  const run: RunInput = { candidates: [], listing: true, cacheFolder: '' }
  const vitest = await createVitest(
    'test',
    {
      root: ROOT,
      config: false,
      watch: false,
      reporters: [],
      projects: [
        { test: { name: 'ruleIndex', include: [SPEC_GLOB], pool: 'threads', isolate: false, provide: { run } } },
      ],
    },
    { logLevel: 'error' },
  )
  try {
    const { testModules, unhandledErrors } = await vitest.collect(undefined, { staticParse: false })
    const broken = [...unhandledErrors, ...testModules.flatMap((module) => module.errors())]
    if (broken.length > 0)
      throw new RuleIndexError([...new Set(broken.map((error) => (error as Error).message))].join('\n'))
    return testModules.flatMap((module) =>
      [...module.children.allTests()].map((testCase) => {
        const { requirement } = testCase.meta() as unknown as { readonly requirement: Requirement }
        return { ...requirement, file: relative(ROOT, module.moduleId) }
      }),
    )
  } finally {
    await vitest.close()
  }
}

/** RuleIndexError when an id is stated twice or is retired, or when a need is not stated. */
export function assertBaseline(requirements: readonly RuleIndexEntry[], retired: readonly Retired[] = RETIRED): void {
  const ids = new Set<string>()
  for (const { id, file } of requirements) {
    if (ids.has(id)) throw new RuleIndexError(`${id} is stated twice, the second time in ${file}`)
    if (retired.some((one) => one.id === id))
      throw new RuleIndexError(`${id} in ${file} is retired: ids are never reused`)
    ids.add(id)
  }
  for (const { id, needs } of requirements)
    for (const need of needs) if (!ids.has(need)) throw new RuleIndexError(`${id} needs ${need}, which no spec states`)
}

/** RuleIndexError when an id of the last rule index, judged or retired, is neither any more. */
export function assertNoneLost(
  last: RuleIndex,
  requirements: readonly RuleIndexEntry[],
  retired: readonly Retired[] = RETIRED,
): void {
  const known = new Set([...requirements, ...retired].map(({ id }) => id))
  const lost = [...last.requirements, ...last.retired].map(({ id }) => id).filter((id) => !known.has(id))
  if (lost.length > 0)
    throw new RuleIndexError(
      `${lost.join(', ')} was in the rule index and no spec states it any more: state it again, or retire it with its reason in specs/contract/retired.ts`,
    )
}

function byArea(a: RuleIndexEntry, b: RuleIndexEntry): number {
  return areaPlace(areaOf(a)) - areaPlace(areaOf(b)) || (a.id < b.id ? -1 : 1)
}
