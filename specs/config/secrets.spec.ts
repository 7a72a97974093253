// Secrets in files that are kept and shared like code: what Talos generates is distinguished from what a person put there
// (siderolabs/talos pkg/machinery/config/generate).
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeSecrets } from './rules/secrets.ts'

test(
  ...must('CFG-006', 'no secret that a person put there is in the files', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'replace it by a reference that is filled in when the configuration is applied, such as ${TS_AUTHKEY}, and revoke it: who has read the file has it',
  }),
  async ({ findings }) => {
    findings(judgeSecrets).toEqual([])
  },
)
