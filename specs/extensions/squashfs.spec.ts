// Each layer's file system byte for byte as mksquashfs lays it out, so that the kernel mounts it and finds in it what is
// listed: squashfs-tools mksquashfs.c; linux v6.12 fs/squashfs; siderolabs/talos v1.11.5 internal/pkg/extensions/compress.go.
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { formFindings, layerXattrFindings } from './squashfs.ts'

test(
  ...must(
    'EXT-020',
    'every layer is laid out as mksquashfs lays it out: tables, inode numbers, listings, blocks and padding, no hard link, no attribute but `security.selinux`',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'squash with mksquashfs or `npx talos-image build`, and append the file as it is',
    },
  ),
  async ({ extensions, judge }) => {
    const images = [...extensions.images.values()]
    const findings = await Promise.all(
      images.map(async (image) => {
        const squashfs = await image.squashfs()
        return [
          ...(await formFindings(image.path, squashfs, false)),
          ...(await layerXattrFindings(image.path, squashfs)),
        ]
      }),
    )
    judge(findings.flat(), extensions.where).toEqual([])
  },
)

test(
  ...must(
    'INI-012',
    '`rootfs.sqsh` is laid out as mksquashfs lays it out: tables, inode numbers, listings, blocks and padding',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['INI-003'],
      fix: 'take the base initramfs of the release as it is',
    },
  ),
  async ({ rootfs, judge }) => {
    judge(await formFindings('rootfs.sqsh', rootfs.squashfs, true), rootfs.squashfs.where).toEqual([])
  },
)
