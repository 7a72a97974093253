// Services of a node: Services.v1alpha1.talos.dev has those that run, `talosctl services` all of them; MachineStatuses has the
// stage. siderolabs/talos internal/app/machined/pkg/runtime/v1alpha1/v1alpha1_sequencer_tasks.go: StartAllServices waits
// 70 minutes.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeServices, judgeStage } from './services.ts'

test(
  ...must('NODE-020', "the services of the node's extensions run, and no service waits or fails", {
    targets: ['node'],
    fix: 'give the service what it waits for: an ExtensionServiceConfig (CFG-001), a path that a module makes (CFG-002)',
  }),
  async ({ observed }) => {
    observed(judgeServices).toEqual([])
  },
)

test(
  ...must('NODE-021', 'the node is in stage running, and ready', {
    targets: ['node'],
    needs: ['NODE-020'],
    fix: 'read `talosctl services` and `talosctl dmesg` of the node: what is named there keeps it from being ready',
  }),
  async ({ observed }) => {
    observed(judgeStage).toEqual([])
  },
)
