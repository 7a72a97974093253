// Limits of squashfs, and the error for what it cannot express.
import { FormatError, type FormatCode } from '#harness/errors.ts'

/** Linux takes block sizes from 4 KiB (a page) to 1 MiB (SQUASHFS_FILE_MAX_SIZE). */
export const MIN_BLOCK_SIZE = 1 << 12
export const MAX_BLOCK_SIZE = 1 << 20
/** SQUASHFS_NAME_LEN; the length on disk is 16 bits, but no reader goes further. */
export const MAX_NAME_SIZE = 256
/** PATH_MAX of Linux with its NUL; it bounds the depth as well. */
export const MAX_PATH_SIZE = 4095
/** Linux reads a link's target into one page. */
export const MAX_TARGET_SIZE = 4095
/** The superblock counts owners in 16 bits. */
export const MAX_IDS = 0xffff
/** XATTR_NAME_MAX and XATTR_SIZE_MAX of Linux. */
export const MAX_XATTR_NAME = 255
export const MAX_XATTR_VALUE = 1 << 16

/** A FormatError about the entry at `path` ('' for the root), or about the options when there is none. */
export function squashfsError(code: FormatCode, message: string, path?: string): FormatError {
  return new FormatError('squashfs', code, message, path === undefined ? {} : { at: { path: `/${path}` } })
}

/** `value` when it is an integer from 0 to `max`, otherwise MALFORMED. */
export function checkRange(what: string, value: number, max: number, path?: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  throw squashfsError('MALFORMED', `expected ${what} 0 … ${max}, got ${value}`, path)
}
