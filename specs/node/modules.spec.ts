// Modules of a node: KernelModuleSpecs, LoadedKernelModules and, since 1.14, KernelModuleStatuses of siderolabs/talos
// pkg/machinery/resources/runtime. The parameters of a loaded module are in no resource: those that Talos was told count.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeLoaded, judgeWanted } from './modules.ts'

test(
  ...must('NODE-010', 'the kernel modules of the variant, and those that the node was told to load, are loaded', {
    targets: ['node'],
    fix: 'name the module in the machine configuration (CFG-002, CFG-003), and read `talosctl dmesg` where it is named there',
  }),
  async ({ observed }) => {
    observed(judgeLoaded).toEqual([])
  },
)

test(
  ...must('NODE-011', 'the node was told to load modules as its configuration says, with their parameters', {
    targets: ['node'],
    fix: 'apply the configuration again and reboot the node: a loaded module keeps the parameters that it was loaded with',
  }),
  async ({ observed }) => {
    observed(judgeWanted).toEqual([])
  },
)
