// Fields that stop the boot sequence before any service starts: WriteUserFiles and SetUserEnvVars of siderolabs/talos
// v1.11.6 to v1.14.0-rc.1, internal/app/machined/pkg/runtime/v1alpha1/v1alpha1_sequencer{,_tasks}.go
// (constants.FailurePauseTimeout).
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeFiles, judgeVariables } from './files.ts'

test(
  ...must(
    'CFG-039',
    'Talos can write every file of machine.files: else the boot stops, waits 35 minutes, then the node reboots, again and again',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'create files below /var only, with op create; what a service of the image needs is given to it by configFiles of ExtensionServiceConfig',
    },
  ),
  async ({ findings }) => {
    findings(judgeFiles).toEqual([])
  },
)

test(
  ...must(
    'CFG-040',
    'every variable of the machine has a name: without one installation and boot stop, and the node reboots after 10 seconds',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'take the variable out of machine.env (EnvironmentConfig), or name it',
    },
  ),
  async ({ findings }) => {
    findings(judgeVariables).toEqual([])
  },
)
