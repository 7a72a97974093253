// The values of machine configurations, as `talosctl validate --mode metal` of the target Talos holds them against its
// conditions: siderolabs/talos pkg/machinery/config/{types,container}, v1.11.6 to v1.14.1.
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeCombinations, judgeConflicts, judgeExpressions, judgeRoles, judgeValues } from './values.ts'

/** Talos validates what it can read. */
const READABLE = ['CFG-011', 'CFG-012', 'CFG-013', 'CFG-014']

test(
  ...must('CFG-015', 'every value is one that the target Talos allows, and none that it requires is missing', {
    targets: ['config'],
    needs: READABLE,
    fix: 'set the value as the finding says: Talos refuses the whole configuration for it',
  }),
  async ({ findings }) => {
    findings(judgeValues).toEqual([])
  },
)

test(
  ...must('CFG-016', 'no document says again what a field of machine or cluster says', {
    targets: ['config'],
    needs: READABLE,
    fix: 'remove the old field and keep the document, or the other way round',
  }),
  async ({ findings }) => {
    findings(judgeConflicts).toEqual([])
  },
)

test(
  ...must('CFG-017', 'every document has the other documents and fields that it needs', {
    targets: ['config'],
    needs: READABLE,
    fix: 'add what is missing, or remove the document that needs it',
  }),
  async ({ findings }) => {
    findings(judgeCombinations).toEqual([])
  },
)

test(
  ...must('CFG-018', 'documents for control planes are on control planes only', {
    targets: ['config'],
    needs: READABLE,
    fix: 'remove the document from the configuration of workers',
  }),
  async ({ findings }) => {
    findings(judgeRoles).toEqual([])
  },
)

test(
  ...must(
    'CFG-019',
    'every expression is valid CEL over the variables that the target Talos gives it, of the type that it must be',
    {
      targets: ['config'],
      needs: READABLE,
      fix: 'correct the expression: sizes are unsigned, such as `disk.size > 100u * GB`',
    },
  ),
  async ({ findings }) => {
    findings(judgeExpressions).toEqual([])
  },
)
