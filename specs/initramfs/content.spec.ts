// The content of the segments: siderolabs/talos Dockerfile (initramfs-archive-arm64) and internal/pkg/extensions.
import { isStatic, machineName, readElf } from '#harness/formats/elf/elf.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { ROOTFS_PATH } from '#harness/talos/rootfs.ts'
import { machineOf } from '../contract/architecture.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

const FIRMWARE = 'usr/lib/firmware'

test(
  ...must('INI-003', 'the base holds `init`, a static aarch64 executable, and `rootfs.sqsh`', {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-010'],
    fix: 'use the initramfs of arch arm64 of the pinned release',
  }),
  async ({ initramfs, contract, judge }) => {
    const { tree } = (await initramfs.base?.archive()) ?? { tree: await initramfs.tree() }
    const init = await fileIn(tree, 'init')
    const elf = await readElf(init)
    const mode = (tree.resolve('init')?.mode ?? 0) & 0o111
    judge({ machine: machineName(elf.machine), static: isStatic(elf), executable: mode !== 0 }, init.where).toEqual({
      machine: machineOf(contract),
      static: true,
      executable: true,
    })
    judge((await fileIn(tree, ROOTFS_PATH)).size, tree.where).toBeGreaterThan(0)
  },
)

test(
  ...must(
    'INI-006',
    'firmware of the extensions is in the initramfs under `usr/lib/firmware`, none of it inside a squashfs',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['INI-010'],
      fix: 'move usr/lib/firmware out of each extension before squashing it: the kernel asks for firmware before layers are mounted',
    },
  ),
  async ({ extensions, judge }) => {
    const images = [...extensions.images.values()]
    const trees = await Promise.all(images.map(async (image) => (await image.squashfs()).tree()))
    const inside = trees.flatMap((tree, at) =>
      [...tree.under(FIRMWARE)]
        .filter((entry) => entry.type !== 'directory')
        .map((entry) => `${images[at]?.path}!${entry.path}`),
    )
    judge(inside, extensions.where).toEqual([])
  },
)
