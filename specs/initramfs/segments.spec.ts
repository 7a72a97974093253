// The initramfs as the kernel reads it, segment by segment: linux init/initramfs.c, siderolabs/talos
// pkg/imager/extensions.
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { InitramfsSegment } from '#harness/talos/boot/initramfs.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

/** Files that imager writes into an extension segment: a file of another name would replace one of the base at boot. */
const EXTENSION_FILES = /^(extensions\.yaml|(\d+|modules\.dep)\.sqsh|usr(\/lib(\/firmware(\/.+)?)?)?)$/

function describeSegment({ offset, size, compression }: InitramfsSegment): string {
  return `${size} bytes at ${offset}, ${compression === 'none' ? 'not compressed' : compression}`
}

test(
  ...must(
    'INI-001',
    'it is the base, then at most one compressed extension segment, present if and only if there are extensions, with nothing between and behind them',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['UKI-001', 'AST-001'],
      fix: 'let one build append one segment to the untouched upstream initramfs; never append to an image that has one',
    },
  ),
  async ({ initramfs, initramfsLayout, extensions, judge }) => {
    judge(initramfsLayout.trailing, initramfs.where).toBeUndefined()
    // cpio fills up an archive before the base; imager writes the frames side by side.
    const padding = initramfsLayout.padding.filter(
      ({ offset }) => initramfs.early.length === 0 || offset >= (initramfs.baseEnd ?? 0),
    )
    judge(
      padding.map(({ offset, size }) => `${size} NUL at ${offset}`),
      initramfs.where,
    ).toEqual([])
    judge(initramfs.unknown.map(describeSegment), initramfs.where).toEqual([])
    judge(initramfs.base && describeSegment(initramfs.base), initramfs.where).toBeDefined()
    judge(
      initramfs.extensions.map((segment) => (segment.compression === 'none' ? 'not compressed' : 'compressed')),
      initramfs.where,
    ).toEqual(extensions.listed ? ['compressed'] : [])
    const { tree } = (await initramfs.base?.archive()) ?? {}
    judge(
      extensions.paths.filter((path) => !EXTENSION_FILES.test(path) || tree?.has(path)),
      extensions.where,
    ).toEqual([])
  },
)

test(
  ...must('INI-002', 'the base is byte for byte the pinned upstream initramfs', {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-001'],
    pinned: true,
    fix: 'append to imager:/usr/install/arm64/initramfs.xz of the pinned release as it is; never unpack and repack it',
  }),
  async ({ initramfs, pinned, judge }) => {
    const base = initramfs.base?.data
    judge(base && { size: base.size, sha256: await sha256Hex(base) }, initramfs.where).toEqual(pinned('baseInitramfs'))
  },
)

test(
  ...must('INI-004', 'nothing is prepended to the base: no x86 microcode, no other archive', {
    targets: ['installer', 'assets', 'media'],
    needs: ['UKI-001', 'AST-001'],
    fix: 'leave amd-ucode and intel-ucode out: imager prepends their blobs on arm64 too, where nothing reads them',
  }),
  async ({ initramfs, judge }) => {
    const archives = await Promise.all(initramfs.early.map((segment) => segment.archive()))
    judge(
      archives.flatMap(({ entries }) => entries.map(({ path }) => path)),
      initramfs.where,
    ).toEqual([])
  },
)

test(
  ...must('INI-005', "every compressed segment uses this minor's compression", {
    targets: ['installer', 'assets', 'media'],
    needs: ['INI-001'],
    fix: 'compress with zstd: the kernel of Talos 1.8 and newer unpacks nothing else at boot as upstream ships it',
  }),
  async ({ initramfsLayout, quirks, judge }) => {
    const compressions = initramfsLayout.segments.map((segment) => segment.compression)
    judge(
      compressions.filter((compression) => compression !== 'none' && compression !== quirks.initramfsCompression),
      initramfsLayout.where,
    ).toEqual([])
  },
)
