// The reason that an image cannot be built: a closed code for the caller, one sentence for a person.
import type { Location } from '#harness/errors.ts'

/**
 * LOCK: it lacks a fact that the build needs. CONTRACT: it asks for what cannot be built from this lock. ARCHITECTURE,
 * CONSTRAINT, EXTENSION: an extension that does not fit. KERNEL_RELEASE: modules of another kernel. FIRMWARE: two
 * extensions disagree. NO_SPACE: the disk is full. OUTPUT: the place is taken by something else, or cannot be written.
 */
export type BuildCode =
  | 'LOCK'
  | 'CONTRACT'
  | 'ARCHITECTURE'
  | 'CONSTRAINT'
  | 'EXTENSION'
  | 'KERNEL_RELEASE'
  | 'FIRMWARE'
  | 'NO_SPACE'
  | 'OUTPUT'

export class BuildError extends Error {
  override name = 'BuildError'
  readonly code: BuildCode
  readonly at: Location | undefined

  constructor(
    code: BuildCode,
    message: string,
    options: { readonly at?: Location | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.at = options.at
  }
}
