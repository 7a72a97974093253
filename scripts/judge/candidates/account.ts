// The account of a candidate, as text: why each byte of its installer image is what it is.
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import { openPulled } from '#specs/support/pulled.ts'
import type { CandidateInput, RunInput } from '#specs/support/run.ts'
import { accountOf } from '../account/image.ts'
import { renderAccount } from '../account/render.ts'

/** Says so where there is no installer image, or where it cannot be read: the rules say what is wrong with it. */
export async function accountText(
  { references }: Pick<CandidateInput, 'references'>,
  place: Pick<RunInput, 'cacheFolder' | 'registry'>,
): Promise<string> {
  const { installer } = references
  if (installer === undefined) return 'no account: there is no installer image\n'
  const spool = new Spool(areaFolder(place.cacheFolder, 'spool'))
  try {
    const part = await openInstaller(installer, { spool, registry: await openPulled(place) })
    try {
      return renderAccount(installer, await accountOf(part))
    } finally {
      await part.close()
    }
  } catch (error) {
    if (error instanceof HarnessError) return `${installer}: no account: ${error.message}\n`
    throw error
  }
}
