// The release of a node: Versions, BootedEntries, SecurityStates, KernelCmdlines, MachineConfigs and MetaKeys of
// siderolabs/talos pkg/machinery/resources; internal/pkg/meta/constants.go for a staged upgrade.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { judgeCommandLine, judgeEntry, judgeSecureBoot, judgeStaged, judgeTalos } from './release.ts'

test(
  ...must('NODE-004', 'the node runs the release of Talos that its install image, the lock and the verdict name', {
    targets: ['node'],
    fix: 'upgrade the node (`talosctl upgrade --image`), and read `talosctl dmesg` of the boot that failed where it was rolled back',
  }),
  async ({ observed }) => {
    observed(judgeTalos).toEqual([])
  },
)

test(
  ...must('NODE-005', 'the booted entry is that of the running release, and no newer one is there', {
    targets: ['node'],
    fix: 'upgrade the node once more: the boot menu was changed by hand, or systemd-boot fell back to an older entry',
  }),
  async ({ observed }) => {
    observed(judgeEntry).toEqual([])
  },
)

test(
  ...must('NODE-006', 'the kernel got the command line of the contract and the pinned release', {
    targets: ['node'],
    needs: ['NODE-004'],
    pinned: true,
    fix: 'declare arguments in the contract (extraKernelArguments) and build the image with them: a UKI takes no others',
  }),
  async ({ observed }) => {
    observed(judgeCommandLine).toEqual([])
  },
)

test(
  ...must('NODE-008', 'nothing waits for the next boot: neither a staged upgrade nor another configuration', {
    targets: ['node'],
    fix: 'reboot the node and ask again, or take the staged change back (`talosctl apply-config`)',
  }),
  async ({ observed }) => {
    observed(judgeStaged).toEqual([])
  },
)

test(
  ...must('NODE-009', 'the node booted with SecureBoot where the contract says so', {
    targets: ['node'],
    fix: 'enroll the keys in the firmware and switch SecureBoot on',
  }),
  async ({ observed }) => {
    observed(judgeSecureBoot).toEqual([])
  },
)
