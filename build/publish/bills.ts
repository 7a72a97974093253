// Bills of materials of the images of a layout that is about to be published.
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { describeError, HarnessError } from '#harness/errors.ts'
import { openAssets } from '#harness/talos/assets.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { makeBill } from '../sbom/bill.ts'
import type { Evidence } from './attachments.ts'

type BillPlace = {
  readonly lock: Lock
  readonly spoolFolder: string
  readonly limits?: BudgetLimits | undefined
  /** A callback for an image that has no bill, with the reason: one that was forced may be anything. */
  readonly warn: (message: string) => void
}

/** Reads each image anew, from its layout; one that cannot be read has no bill. */
export function layoutBills({ lock, spoolFolder, limits, warn }: BillPlace): Evidence['sbom'] {
  return async ({ reference, descriptor: { digest } }, { variant, repository }) => {
    const spool = limits === undefined ? new Spool(spoolFolder) : new Spool(spoolFolder, limits)
    const open = reference.tag.endsWith(ASSETS_SUFFIX) ? openAssets : openInstaller
    const part = await open(reference, { spool })
    try {
      return await makeBill(part, { name: billName(variant), digest, repository, lock })
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      warn(`no bill of materials is attached to ${reference.path}:${reference.tag}: ${describeError(error)}`)
      return undefined
    } finally {
      await part.close()
    }
  }
}

/** The name of an image in its bill. */
export function billName(variant: string): string {
  return `talos-${variant}`
}
