// Kernel modules that extensions bring and that Talos loads only by name: siderolabs/talos machine.kernel.modules and
// KernelModuleConfig; siderolabs/extensions storage/{zfs,drbd}.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeDrbd, judgePromised, judgeWaits } from './rules/modules.ts'

test(
  ...must('CFG-002', 'every path that a service of the variant waits for is made by a kernel module that is loaded', {
    targets: ['config'],
    needs: ['CFG-064'],
    fix: 'load the module: a service that waits in vain reboots the node after 70 minutes',
  }),
  async ({ findings }) => {
    findings(judgeWaits).toEqual([])
  },
)

test(
  ...must('CFG-003', 'module drbd is loaded with usermode_helper=disabled where the variant has drbd', {
    targets: ['config'],
    needs: ['CFG-064'],
    only: { extension: 'drbd' },
    fix: 'load drbd with the parameter usermode_helper=disabled: Talos has no drbdadm that the kernel could call',
  }),
  async ({ findings }) => {
    findings(judgeDrbd).toEqual([])
  },
)

test(
  ...must(
    'CFG-036',
    'every kernel module that the contract promises for the variant is loaded: Talos loads none by itself',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'add the module to machine.kernel.modules, or as a KernelModuleConfig document; or take it out of kernelModules of the contract',
    },
  ),
  async ({ findings }) => {
    findings(judgePromised).toEqual([])
  },
)
