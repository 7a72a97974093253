// The Talos view of an initramfs: early archive, base and what was appended to it:
// siderolabs/talos v1.11.5 pkg/imager/extensions, internal/pkg/extensions.
import type { Location } from '../../errors.ts'
import { FileTree } from '../../fs/file-tree.ts'
import { lazy } from '../../lazy.ts'
import type { Initramfs, InitramfsSegment } from './initramfs.ts'

export type BootArchive = {
  readonly where: Location
  /** Archives stored as they are, before the base, with `kernel/**` in them: CPU microcode. */
  readonly early: readonly InitramfsSegment[]
  /** The first segment that holds `init` or `rootfs.sqsh`; absent when none does. */
  readonly base?: InitramfsSegment
  /** The end of the base's bytes; absent without a base. */
  readonly baseEnd?: number
  /** All segments after the base; empty without one. */
  readonly extensions: readonly InitramfsSegment[]
  /** Segments before the base, or all without one, that are not early. */
  readonly unknown: readonly InitramfsSegment[]
  /** All segments merged by path: of entries with one path the last wins. Errors as of their archive(). */
  tree(): Promise<FileTree>
}

/** Unpacks segments up to the base, to find it; errors as of their archive(). */
export async function toBootArchive(initramfs: Initramfs): Promise<BootArchive> {
  const { segments, where } = initramfs
  const before: InitramfsSegment[] = []
  let base: InitramfsSegment | undefined
  for (const segment of segments) {
    const { tree } = await segment.archive()
    if (tree.has('init') || tree.has('rootfs.sqsh')) {
      base = segment
      break
    }
    before.push(segment)
  }
  const early: InitramfsSegment[] = []
  const unknown: InitramfsSegment[] = []
  for (const segment of before) ((await isEarly(segment)) ? early : unknown).push(segment)
  return {
    where,
    early,
    unknown,
    ...(base === undefined ? {} : { base, baseEnd: base.offset + base.size }),
    extensions: base === undefined ? [] : segments.slice(base.index + 1),
    tree: lazy(async () => {
      const archives = await Promise.all(segments.map((segment) => segment.archive()))
      return new FileTree(
        archives.flatMap(({ entries }) => entries),
        where,
      )
    }),
  }
}

async function isEarly(segment: InitramfsSegment): Promise<boolean> {
  if (segment.compression !== 'none') return false
  const { tree } = await segment.archive()
  return !tree.under('kernel').next().done
}
