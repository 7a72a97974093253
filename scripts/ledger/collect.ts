// The ledger as the spec files state it: collected by vitest, so that what counts is what would run.
import { relative } from 'node:path'
import { createVitest } from 'vitest/node'
import { ledgerSchema, type Ledger, type LedgerEntry } from '#specs/contract/ledger.ts'
import { RETIRED, type Retired } from '#specs/contract/retired.ts'
import type { Requirement } from '#specs/support/requirement.ts'
import type { RunInput } from '#specs/support/run.ts'
import { ROOT, SPEC_GLOB } from '../conform/run.ts'

/** The order of requirements.md. */
const AREAS = ['OCI', 'INS', 'UKI', 'KRN', 'INI', 'EXT', 'MOD', 'ROOT', 'AST', 'SUP', 'REL', 'CFG', 'NODE', 'BOOT']
const FIRST_VERSION = '0.1.0'

/** Throws when spec files do not load, when an id is stated twice or is retired, or when a need is not stated. */
export async function collectLedger(current: string): Promise<Ledger> {
  const requirements = (await collectRequirements()).toSorted(byArea)
  assertSound(requirements)
  return ledgerSchema.parse({
    version: current === '' ? FIRST_VERSION : (JSON.parse(current) as Ledger).version,
    requirements,
    retired: RETIRED,
  })
}

export function formatLedger(ledger: Ledger): string {
  return `${JSON.stringify(ledger, null, 2)}\n`
}

async function collectRequirements(): Promise<readonly LedgerEntry[]> {
  const run: RunInput = { candidates: [], listing: true, spoolFolder: '' }
  const vitest = await createVitest(
    'test',
    {
      root: ROOT,
      config: false,
      watch: false,
      reporters: [],
      projects: [{ test: { name: 'ledger', include: [SPEC_GLOB], pool: 'threads', isolate: false, provide: { run } } }],
    },
    { logLevel: 'error' },
  )
  try {
    const { testModules, unhandledErrors } = await vitest.collect(undefined, { staticParse: false })
    const broken = [...unhandledErrors, ...testModules.flatMap((module) => module.errors())]
    if (broken.length > 0) throw new Error(broken.map((error) => (error as Error).message).join('\n'))
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

/** Throws when an id is stated twice or is retired, or when a need is not stated. */
export function assertSound(requirements: readonly LedgerEntry[], retired: readonly Retired[] = RETIRED): void {
  const ids = new Set<string>()
  for (const { id, file } of requirements) {
    if (ids.has(id)) throw new Error(`${id} is stated twice, the second time in ${file}`)
    if (retired.some((one) => one.id === id)) throw new Error(`${id} in ${file} is retired: ids are never reused`)
    ids.add(id)
  }
  for (const { id, needs } of requirements)
    for (const need of needs) if (!ids.has(need)) throw new Error(`${id} needs ${need}, which no spec states`)
}

function byArea(a: LedgerEntry, b: LedgerEntry): number {
  return areaOf(a) - areaOf(b) || (a.id < b.id ? -1 : 1)
}

function areaOf({ id }: LedgerEntry): number {
  return AREAS.indexOf(id.slice(0, id.indexOf('-')))
}
