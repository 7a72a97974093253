// The archives in the segments as the kernel unpacks them (linux v6.12 init/initramfs.c) and as upstream writes them
// (siderolabs/talos v1.11.5 pkg/imager/extensions/rebuild.go: GNU cpio, newc, reproducible, owner 0:0).
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { baseFindings, formFindings, unpackFindings } from './archives.ts'

test(
  ...must(
    'INI-010',
    'the kernel unpacks each entry of the extension segment as a file or folder of its own at its path, into a folder that comes before it',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['INI-001'],
      fix: 'let imager or `npx talos-image build` write the segment: the kernel makes no folder by itself, follows hard links, and lets the later entry of a path win',
    },
  ),
  async ({ initramfs, judge }) => {
    const archives = await Promise.all(initramfs.extensions.map((segment) => segment.archive()))
    judge(
      archives.flatMap(({ entries }) => unpackFindings(entries)),
      initramfs.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'INI-011',
    'base and extension segment are archives as upstream’s cpio writes them: headers, modes, order, padding and end (times and the links of a directory are free)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['INI-010'],
      fix: 'write the segment as `cpio -o -H newc --reproducible --owner=+0:+0` does over a walk that sorts each folder by name',
    },
  ),
  async ({ initramfs, judge }) => {
    const base = await initramfs.base?.archive()
    const archives = await Promise.all(initramfs.extensions.map((segment) => segment.archive()))
    judge(
      [...(base === undefined ? [] : baseFindings(base)), ...archives.flatMap(formFindings)],
      initramfs.where,
    ).toEqual([])
  },
)
