// The structure of machine configurations, as the loader of the target Talos decodes it: siderolabs/talos
// pkg/machinery/config/{configloader,configpatcher,container} and github.com/siderolabs/gen xyaml, v1.11.6 to v1.14.1.
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeDocuments, judgeKeys, judgePatches, judgeTypes, judgeYaml } from './structure.ts'

test(
  ...must('CFG-064', 'every file is YAML to the parser of Talos', {
    targets: ['config'],
    fix: 'correct the syntax at the place of the finding: Talos refuses the whole file, and nothing else of it was judged',
  }),
  async ({ findings }) => {
    findings(judgeYaml).toEqual([])
  },
)

test(
  ...must(
    'CFG-011',
    'every document is of a kind that the target Talos knows, once, and not beside one that excludes it',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'correct the kind, or say with --talos for which version the configuration is',
    },
  ),
  async ({ findings }) => {
    findings(judgeDocuments).toEqual([])
  },
)

test(
  ...must('CFG-012', 'every key is one of its document in the target Talos, and set once', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'correct or remove the key: Talos refuses the whole configuration for it',
  }),
  async ({ findings }) => {
    findings(judgeKeys).toEqual([])
  },
)

test(
  ...must('CFG-013', 'every value is of the type of its key', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'write the value as the field takes it: numbers and true or false without quotes, lists as lists',
  }),
  async ({ findings }) => {
    findings(judgeTypes).toEqual([])
  },
)

test(
  ...must('CFG-014', 'every patch applies to what is before it', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'correct the patch; a JSON patch needs a configuration of one document, which Talos generates only up to 1.11',
  }),
  async ({ findings }) => {
    findings(judgePatches).toEqual([])
  },
)
