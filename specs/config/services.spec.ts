// Extension services that wait for their configuration: siderolabs/talos pkg/machinery/extensions/services and
// pkg/machinery/config/types/runtime/extensions. A machine waits up to 70 minutes for each, then reboots.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeServices } from './rules/services.ts'

test(
  ...must('CFG-001', 'every extension service that needs configuration has its ExtensionServiceConfig document', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'add the document, its name that of the service without ext-: without it the service waits and Talos reboots the node after 70 minutes',
  }),
  async ({ findings }) => {
    findings(judgeServices).toEqual([])
  },
)
