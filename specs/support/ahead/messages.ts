// Messages about a boot file that is still arriving, from the command that pulls it to the worker that will judge it. They
// are hints: what the worker finds ahead of its run is kept under digests that it computes itself.
import type { BudgetLimits } from '#harness/budget.ts'
import type { Digest } from '#harness/bytes/digest.ts'

/** The BroadcastChannel of this process for these messages. */
export const ARRIVALS = 'talos-image-contract arrivals'

export type ArrivalMessage =
  /** Asked by a worker that has begun to listen. */
  | { readonly kind: 'ready' }
  /** A unified kernel image: `size` bytes at `offset` of the tar that is being written into `file`. */
  | {
      readonly kind: 'begin'
      readonly file: string
      readonly path: string
      readonly offset: number
      readonly size: number
      readonly cacheFolder: string
      readonly limits: BudgetLimits
    }
  /** The bytes of the tar that are there by now. */
  | { readonly kind: 'written'; readonly bytes: number }
  /** Nothing more comes; `digest` is that of the file, where all of it came. */
  | { readonly kind: 'end'; readonly digest?: Digest | undefined }
