// Deviations of a squashfs image from what mksquashfs, run by upstream, writes.
import type { Squashfs } from '#harness/formats/squashfs/reader.ts'

/** Attributes that imager keeps; orders to the overlay and capabilities are for EXT-007 and EXT-008 to say. */
const LABEL = 'security.selinux'
const JUDGED_ELSEWHERE = /^((trusted|user)\.overlay\.|security\.capability$)/

/** The topmost layer's root is the machine's `/`: with another mode only root gets past it, or everybody writes there. */
const ROOT_MODE = 0o755

/** `path: what` of each deviation; imager's untar makes no hard link, the base of 1.11 has some. */
export async function formFindings(
  path: string,
  squashfs: Squashfs,
  hasHardLinks: boolean,
): Promise<readonly string[]> {
  const { deviations, hardLinks } = await squashfs.form()
  const root = (await squashfs.entries()).find((entry) => entry.path === '')
  return [
    ...(root?.mode === ROOT_MODE
      ? []
      : [`${path}: expected its root of mode 0${ROOT_MODE.toString(8)}, got 0${root?.mode.toString(8) ?? 'none'}`]),
    ...deviations.map((what) => `${path}: ${what}`),
    ...(hasHardLinks ? [] : hardLinks.map((name) => `${path}: ${name}: a hard link, which imager makes none of`)),
  ]
}

export async function layerXattrFindings(path: string, squashfs: Squashfs): Promise<readonly string[]> {
  return (await squashfs.entries()).flatMap((entry) =>
    [...(entry.xattrs ?? new Map<string, Uint8Array>()).keys()]
      .filter((name) => name !== LABEL && !JUDGED_ELSEWHERE.test(name))
      .map((name) => `${path}: ${entry.path}: attribute ${name}, expected none but ${LABEL}`),
  )
}
