// Rules of a boot: pure functions of what was seen on a console and of what the image lists.
import type { Location } from '#harness/errors.ts'
import type { Console } from '#harness/talos/boot/console.ts'

export type BootFinding = {
  readonly at: Location
  /** Lower-case clause. */
  readonly message: string
  readonly expected?: string
  readonly got?: string
  /** `note`: worth knowing, nothing is wrong. `unknown`: cannot be judged by what was seen. */
  readonly kind?: 'note' | 'unknown'
}

/** A layer as extensions.yaml lists it. */
export type ListedLayer = {
  /** `0.sqsh`. */
  readonly image: string
  readonly name: string
  readonly version: string
  /** The compression in the superblock of its squashfs, as the kernel calls it; absent where it cannot be read. */
  readonly compression?: string
}

/** The end of a console. */
export type BootEnd =
  /** A file: nobody knows what came after it. */
  | { readonly kind: 'saved' }
  /** A guest that was ended: some time after `/sbin/init`, for what it said, at the time limit, or for saying too much. */
  | { readonly kind: 'settled' | 'troubled' | 'time' | 'output'; readonly seconds: number }
  /** A guest that ended by itself. */
  | { readonly kind: 'exited'; readonly seconds: number }

export type ObservedBoot = {
  readonly console: Console
  readonly end: BootEnd
  /** Lowest first; absent where the image does not say. */
  readonly layers?: readonly ListedLayer[]
  /** The reason that `layers` are absent. */
  readonly unlisted?: string
  /** The command line of the image, where it is known. */
  readonly commandLine?: string
  /** The release that the image claims. */
  readonly talos?: string
}

/** Violations of a rule in a boot. */
export type BootJudge = (boot: ObservedBoot) => readonly BootFinding[]
