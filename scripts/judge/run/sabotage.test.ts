// Careless changes of spec files: `npm test` on an image that conforms must not stay green.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { copyProject, edited } from '../../testing/project-copy.ts'
import type { MutatedCase, MutatedResult } from '../../testing/mutate.ts'
import { ROOT } from '../../root.ts'

const PATIENCE_MS = 180_000
const SPEC = 'specs/oci/identity.spec.ts'
const LABELS = 'specs/release/labels.spec.ts'
/** What a run over a few rules needs; to load all takes most of its time. */
const NEAR = 'specs/{oci,release}/*.spec.ts'
const RULE_INDEX = 'specs/contract/rule-index.json'
const MUST = 'OCI-003'
const SHOULD = 'OCI-010'
/** One rule with what it needs: a run takes no longer than it must. */
const ONLY = `--only=${MUST}`
const ARGS = [
  'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar',
  '--variant=spin-only',
  '--lock=fixtures/golden/lock-v1.11.5.json',
  '--cache=cache',
]

type Sabotage = {
  readonly name: string
  readonly file?: string
  /** Undefined deletes the file. */
  readonly edit: ((text: string) => string) | undefined
  readonly judged?: string
  /** Is in the verdict. */
  readonly reason: string
}

const STATED = `test(\n  ...must('${MUST}'`
const BODY = /(\('OCI-003'.*?async \(\{ image, contract, judge \}\) => \{\n)(.*?)(\n {2}\},\n\))/s
const swap = (from: string, to: string) => (text: string) => text.replace(from, () => to)
/** A spec that uses vitest's own modifiers. */
const withVitest = (modified: string) => (text: string) =>
  `import { test as vitest, describe } from 'vitest'\n${edited(text, swap(STATED, modified))}`
const inBody = (change: (body: string) => string) => (text: string) =>
  text.replace(BODY, (_, head: string, body: string, tail: string) => head + change(body) + tail)
const atStart = (statement: string) => inBody((body) => `    ${statement}\n${body}`)

const SABOTAGE: readonly Sabotage[] = [
  { name: 'a deleted spec file', edit: undefined, reason: 'no test ran for this rule' },
  { name: 'a renamed id', edit: swap(`'${MUST}'`, "'OCI-099'"), reason: 'no test ran for this rule' },
  { name: 'an id that two tests claim', edit: swap("'OCI-008'", `'${MUST}'`), reason: 'more than one test claims' },
  { name: '.skip', edit: swap(STATED, `test.skip(\n  ...must('${MUST}'`), reason: 'did not load' },
  {
    name: 'test.skip of vitest',
    edit: withVitest(`vitest.skip(\n  ...must('${MUST}'`),
    reason: 'no test ran for this rule',
  },
  {
    name: 'test.todo of vitest',
    edit: withVitest(`vitest.todo(\n  ...must('${MUST}'`),
    reason: 'no test ran for this rule',
  },
  {
    name: 'test.only of vitest, on the rule',
    edit: withVitest(`vitest.only(\n  ...must('${MUST}'`),
    reason: 'the test was skipped',
  },
  {
    name: 'test.only of vitest, beside the rule',
    edit: withVitest(`vitest.only('mine', () => {})\n${STATED}`),
    reason: 'the test was skipped',
  },
  {
    name: 'describe.skip of vitest around the rule',
    edit: withVitest(`const later = (...a) => describe.skip('', () => test(...a))\nlater(\n  ...must('${MUST}'`),
    reason: 'the test was skipped',
  },
  { name: 'an import that throws', edit: (text) => `import './absent.ts'\n${text}`, reason: 'did not load' },
  { name: 'a module that throws', edit: (text) => `${text}\nthrow new Error('late')\n`, reason: 'did not load' },
  { name: 'a body without assertion', edit: inBody(() => ''), reason: 'but got none' },
  { name: 'a body that returns early', edit: atStart('if (image) return'), reason: 'but got none' },
  {
    name: 'a body that ends the process',
    edit: atStart('process.exit(0)'),
    reason: 'process.exit unexpectedly called',
  },
  { name: 'a promise that is not awaited', edit: atStart('void Promise.reject(new Error("late"))'), reason: 'late' },
  {
    name: 'a target that is left out',
    edit: (text) => text.replace(/('OCI-003', '[^']*', \{\n\s+targets: )\['image'\]/, (_, head: string) => `${head}[]`),
    reason: 'no test ran for this rule',
  },
  {
    name: 'a lost rule that only advises',
    file: LABELS,
    edit: swap(`'${SHOULD}'`, "'OCI-098'"),
    judged: `--only=${MUST},${SHOULD}`,
    reason: 'no test ran for this rule',
  },
  {
    name: 'a rule that the rule index does not know',
    file: RULE_INDEX,
    edit: (text) => {
      const { requirements, ...rest } = JSON.parse(text) as RuleIndex
      return JSON.stringify({ ...rest, requirements: requirements.filter(({ id }) => id !== 'OCI-008') })
    },
    judged: '--target=installer',
    reason: 'states OCI-008, which the rule index lacks',
  },
]

describe('npm test after a sabotage of the specs', { timeout: PATIENCE_MS }, () => {
  const results: MutatedResult[] = []

  beforeAll(async () => {
    await using copy = await copyProject()
    const cases: MutatedCase[] = [{ files: {}, args: [...ARGS, ONLY] }]
    for (const { file = SPEC, edit, judged = ONLY } of SABOTAGE) {
      const text = await readFile(join(ROOT, file), 'utf8')
      const files = { [file]: edit ? edited(text, edit) : null }
      cases.push({ files, args: [...ARGS, judged], ...(judged.startsWith('--only') && { specs: NEAR }) })
    }
    const [from, to] = [join(copy.folder, 'cases.json'), join(copy.folder, 'results.json')]
    await writeFile(from, JSON.stringify(cases))
    const { stderr, status } = await copy.run('testing/mutate.ts', [from, to])
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    results.push(...(JSON.parse(await readFile(to, 'utf8')) as MutatedResult[]))
  }, PATIENCE_MS)

  it('is green without one', () => {
    expect(results[0]?.status).toBe(0)
  })

  it.each(SABOTAGE.map((sabotage, at) => ({ ...sabotage, at })))('is not green with $name', ({ at, reason }) => {
    const result = results[at + 1]
    expect(result?.said).toContain(reason)
    expect([1, 2]).toContain(result?.status)
  })
})
