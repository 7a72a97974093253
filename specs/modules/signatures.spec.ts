// Kernel modules: for this kernel, and signed by the key that it trusts (linux Documentation/admin-guide/module-signing.rst).
import { ownExtensions } from '../contract/contract.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { signatureFindings } from './signatures.ts'

test(
  ...must('MOD-001', 'every module is under the pinned kernel release, and its vermagic says the same', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-005'],
    pinned: true,
    fix: 'take kernel, initramfs and extensions of one Talos release',
  }),
  async ({ modules, pinned, judge }) => {
    const found = await Promise.all(
      modules.modules.map(async ({ path, read }) => `${path} ${(await read()).kernelRelease ?? 'without vermagic'}`),
    )
    const release = pinned('kernelRelease')
    judge(found, modules.where).toEqual(
      modules.modules.map(({ path }) => `${path.replace(/^(usr\/lib\/modules)\/[^/]+/, `$1/${release}`)} ${release}`),
    )
  },
)

test(
  ...must(
    'MOD-002',
    'every module carries a valid signature by the key that signed the base modules, or by the key of this kernel that the contract declares for its extension (modulesKey)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'take the extension that was built with this kernel: its key exists for one build only',
    },
  ),
  async ({ modules, kernel, contract, judge }) => {
    const declared = ownExtensions(contract).flatMap(({ name, modulesKey }) =>
      modulesKey === undefined ? [] : [[name, modulesKey] as const],
    )
    judge(
      await signatureFindings(modules.modules, await kernel.certificates(), new Map(declared)),
      modules.where,
    ).toEqual([])
  },
)
