// Talos' own root filesystem: siderolabs/talos Dockerfile (rootfs), pkg/machinery/constants (OSReleaseTemplate).
import { readAll } from '#harness/bytes/source.ts'
import { machineName, readElf } from '#harness/formats/elf/elf.ts'
import { parseOsRelease } from '#harness/formats/uki/os-release.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { FIRMWARE_FOLDER } from '#harness/talos/extension/content.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'
import { readSpdx } from '#harness/talos/spdx.ts'
import { OS_RELEASE, TEXT_BYTES } from '../support/claimed-talos.ts'
import { findForeignElf } from '../support/foreign-elf.ts'
import { machineOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { SPDX, SPDX_BYTES } from './files.ts'

const INIT = 'usr/bin/init'
const FIX = 'take initramfs.xz from imager:/usr/install/arm64 of the pinned release and leave it as it is'

test(
  ...must('ROOT-001', "`/etc/os-release` is Talos' own for the pinned version", {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-003'],
    pinned: true,
    fix: FIX,
  }),
  async ({ rootfs, pinned, judge }) => {
    const source = await fileIn(await rootfs.tree(), OS_RELEASE)
    const text = new TextDecoder().decode(await readAll(source, TEXT_BYTES))
    const { NAME, ID, VERSION_ID, PRETTY_NAME } = Object.fromEntries(parseOsRelease(text, source.where))
    judge({ NAME, ID, VERSION_ID, PRETTY_NAME }, source.where).toEqual({
      NAME: 'Talos',
      ID: 'talos',
      VERSION_ID: pinned('talos'),
      PRETTY_NAME: `Talos (${pinned('talos')})`,
    })
  },
)

test(
  ...must('ROOT-002', 'exactly one module directory, the pinned kernel release', {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-003'],
    pinned: true,
    fix: FIX,
  }),
  async ({ rootfs, pinned, judge }) => {
    const tree = await rootfs.tree()
    const releases = tree.children(MODULES_FOLDER).map(({ path }) => path.slice(MODULES_FOLDER.length + 1))
    judge(releases, tree.where).toEqual([pinned('kernelRelease')])
  },
)

test(
  ...must('ROOT-003', '`/usr/bin/init` and every other ELF is aarch64 (firmware and EM_BPF aside)', {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-003'],
    fix: FIX,
  }),
  async ({ rootfs, contract, judge }) => {
    const tree = await rootfs.tree()
    const init = await fileIn(tree, INIT)
    judge(machineName((await readElf(init)).machine), init.where).toBe(machineOf(contract))
    judge(await findForeignElf(tree, machineOf(contract), [FIRMWARE_FOLDER]), tree.where).toEqual([])
  },
)

test(
  ...must(
    'ROOT-004',
    'the SPDX document parses and its kernel package is the pinned kernel (release without `-talos`)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['INI-003'],
      pinned: true,
      fix: FIX,
    },
  ),
  async ({ rootfs, pinned, judge }) => {
    const source = await fileIn(await rootfs.tree(), SPDX)
    const { packages } = await readSpdx(source, SPDX_BYTES)
    const versions = packages.filter(({ name }) => name === 'kernel').map(({ versionInfo }) => versionInfo)
    judge([...new Set(versions)], source.where).toEqual([pinned('kernelRelease').replace(/-talos$/, '')])
  },
)
