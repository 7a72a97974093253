// The image that ours are compared with (REL-005): CozyStack's own installer.
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { HarnessError } from '#harness/errors.ts'
import { areaFolder } from '#harness/oci/cache/layout.ts'
import { parseReference, renderReference, type Reference } from '#harness/oci/image/reference.ts'
import type { RegistryAccess } from '#harness/oci/registry/access.ts'
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { REFERENCE_ARCHITECTURE } from '#specs/support/pinned-reference.ts'
import { UsageError } from '../../cli/command-line.ts'
import { about } from './lock-error.ts'

export type PinnedReference = NonNullable<Lock['reference']>

export type ReferenceOptions = {
  readonly access: RegistryAccess
  /** The folder of the cache. */
  readonly cacheFolder: string
  /** The release that the lock is of. */
  readonly talos: string
  readonly note: (text: string) => void
  readonly limits: BudgetLimits
}

const SOURCE_LABEL = 'org.opencontainers.image.source'
const REVISION_LABEL = 'org.opencontainers.image.revision'

/** UsageError where it is no reference. */
export function parseImage(text: string): Reference {
  try {
    return parseReference(text)
  } catch (error) {
    if (error instanceof HarnessError) throw new UsageError(`--reference: ${error.message}`, { cause: error })
    throw error
  }
}

/** LockError, naming the image, where it is not there or no installer of Talos 1.10 or later for amd64. */
export async function readReference(
  reference: Reference,
  { access, cacheFolder, talos, note, limits }: ReferenceOptions,
): Promise<PinnedReference> {
  const text = renderReference(reference)
  return about(text, async () => {
    const spool = new Spool(areaFolder(cacheFolder, 'spool'), limits)
    const options = { spool, registry: access, architecture: REFERENCE_ARCHITECTURE } as const
    const installer = await openInstaller(reference, options)
    try {
      const { digest } = (await installer.image()).where
      const layers = await (await installer.extensions()).layers()
      const claimed = await installer.claimedTalos()
      if (claimed !== talos)
        note(`${text}: it is of Talos ${claimed ?? 'unknown'}: REL-005 compares images of ${talos} only`)
      const stated = await readStatements(installer, 'tag' in reference ? reference.tag : undefined)
      if (stated.cozystackTag === undefined) note(`${text}: it does not say of which release of CozyStack it is`)
      if (stated.cozystackCommit === undefined) note(`${text}: no label of it says a commit of CozyStack`)
      return {
        reference: text,
        digest: digest ?? '',
        ...stated,
        extensions: layers.map(({ metadata }) => metadata.name).filter((name) => name !== MODULES_DEP),
      }
    } finally {
      await installer.close()
    }
  })
}

/**
 * CozyStack pushes its installer as imager made it, under the version of Talos as tag, with the labels of siderolabs: a
 * tag that is only that version says nothing of CozyStack, and neither does a commit of another source.
 */
async function readStatements(
  installer: TalosPart,
  tag: string | undefined,
): Promise<Pick<PinnedReference, 'cozystackTag' | 'cozystackCommit'>> {
  const labels = await (await installer.image()).labels()
  const revision = labels.get(REVISION_LABEL) ?? ''
  const isOwn = /\/cozystack(?:\/|$)/.test(labels.get(SOURCE_LABEL) ?? '')
  return {
    ...(tag !== undefined && tag !== (await installer.claimedTalos()) && { cozystackTag: tag }),
    ...(isOwn && /^[0-9a-f]{40}$/.test(revision) && { cozystackCommit: revision }),
  }
}
