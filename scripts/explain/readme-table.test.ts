import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RuleIndex, RuleIndexEntry } from '#specs/contract/rule-index.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'
import { README_PATH, withRuleTable } from './readme-table.ts'

const rule = {
  id: 'UKI-001',
  level: 'must',
  pinned: true,
  sentence: 'a | b',
  file: 'specs/x.spec.ts',
} as RuleIndexEntry
const ruleIndex: RuleIndex = { version: '1.0.0', requirements: [rule, { ...rule, pinned: false }], retired: [] }

describe('withRuleTable', () => {
  it('replaces what is between the comments', () => {
    expect(withRuleTable('# x\n\n<!-- rules -->\n\nold\n\n<!-- /rules -->\n\nmore\n', ruleIndex)).toBe(`# x

<!-- rules -->

| rule | level | compares with | what must be true |
| --- | --- | --- | --- |
| [UKI-001](x.spec.ts) | must | the lock | a \\| b |
| [UKI-001](x.spec.ts) | must |  | a \\| b |

<!-- /rules -->

more
`)
  })

  it.each(['', '<!-- rules -->', '<!-- /rules --><!-- rules -->', '<!-- rules --><!-- /rules --><!-- /rules -->'])(
    'refuses %j',
    (readme) => {
      expect(() => withRuleTable(readme, ruleIndex)).toThrow('once each in specs/README.md')
    },
  )
})

describe('specs/README.md', () => {
  it('has the table of the rule index; npm run rule-index writes it', async () => {
    const readme = await readFile(join(ROOT, README_PATH), 'utf8')
    expect(readme).toBe(withRuleTable(readme, await loadRuleIndex()))
  })
})
