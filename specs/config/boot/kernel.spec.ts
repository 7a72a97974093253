// Settings that a node tries to apply for ever: siderolabs/talos v1.11.6 to v1.14.0-rc.1
// internal/app/machined/pkg/controllers/runtime/{kernel_module_spec,kernel_param_spec}.go, pkg/machinery/kernel/kernel.go,
// controllers/files/cri_base_runtime_spec.go, and the installation and MountUserDisks of the sequencer.
import { should } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeDisks, judgeKernel } from './kernel.ts'

test(
  ...should(
    'CFG-043',
    'kernel modules, settings of the kernel and limits of containers have names that there are: others are tried again for ever, or keep containers from starting',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'name the module without path and suffix, the setting as it is below /proc/sys, the limit as RLIMIT_…',
    },
  ),
  async ({ findings }) => {
    findings(judgeKernel).toEqual([])
  },
)

test(
  ...should(
    'CFG-046',
    'disks are named as Linux names them, and a volume is asked for on a disk that can match: else the boot waits for ever',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'look for the names on the node: `talosctl get disks --insecure -n ADDRESS`',
    },
  ),
  async ({ findings }) => {
    findings(judgeDisks).toEqual([])
  },
)
