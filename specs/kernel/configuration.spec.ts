// The configuration that Talos kernels embed (CONFIG_IKCONFIG): what CozyStack and the extensions need.
import { parseCmdline } from '#harness/formats/uki/cmdline.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { configurationFindings } from './configuration.ts'

test(
  ...must(
    'KRN-004',
    "its embedded configuration meets the contract's list, and module signatures are enforced as this minor does",
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['KRN-002'],
      fix: 'use the kernel of the pinned release; a kernel of your own needs these options',
    },
  ),
  async ({ kernel, contract, quirks, commandLine, rootfs, judge }) => {
    const config = await kernel.config()
    const findings = configurationFindings({
      config: config ?? new Map(),
      demanded: contract.kernel,
      modules: await rootfs.moduleNames(),
      enforcement: quirks.moduleEnforcement,
      arguments: commandLine === undefined ? undefined : parseCmdline(commandLine),
    })
    judge(findings, (await kernel.payload()).where).toEqual([])
  },
)
