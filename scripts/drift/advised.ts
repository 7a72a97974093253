// Known faults of a release, as far as its lock and its parts show: the rules REL-010 and REL-011 before
// anything is built.
import { architectureOf } from '#specs/contract/architecture.ts'
import { parseDigest } from '#harness/bytes/digest.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import { FormatError } from '#harness/errors.ts'
import { readExtensionPackage } from '#harness/talos/extension/image.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { shippedAdvisories, type Advisory } from '#specs/contract/advisories.ts'
import { expectedCommandLine } from '#specs/contract/command-line.ts'
import { overlayArguments, type Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { isExpired, type Waiver } from '#specs/contract/waivers.ts'
import { applyingAdvisories } from '#specs/contract/applying-advisories.ts'
import { openUpstreamImage, type Upstream } from '../lock/upstream/upstream.ts'
import { change, type Change } from './changes/change.ts'
import { describeRelease } from './describe.ts'
import type { Kept } from './kept.ts'

export type AdvisedPlace = {
  readonly upstream: Upstream
  readonly contract: Contract
  readonly kept: Kept
  /** Advisories; those that are shipped unless there are others. */
  readonly advisories: readonly Advisory[] | undefined
  readonly waivers: readonly Waiver[]
}

const RULES = { must: 'REL-010', should: 'REL-011' } as const

/** Upstream is asked only where an entry that fits otherwise looks for something. LockError as of `describeRelease`. */
export async function advisedChanges(lock: Lock, place: AdvisedPlace): Promise<readonly Change[]> {
  const { upstream, contract, kept, advisories, waivers } = place
  const { talos, extensions = [] } = lock
  const today = new Date().toISOString().slice(0, 10)
  const found = await applyingAdvisories(advisories ?? (await shippedAdvisories()), {
    talos,
    architecture: architectureOf(contract),
    secureBoot: contract.secureBoot,
    extensions,
    async has(path) {
      for (const extension of extensions) {
        const parsed = parseReference(extension.reference)
        const tag = parsed.kind === 'registry' ? (parsed.tag ?? '') : ''
        const wanted = { name: extension.name, tag, digest: parseDigest(extension.digest) }
        const quiet = { ...upstream, signerOf: () => Promise.resolve(undefined) }
        const { store } = await openUpstreamImage(quiet, wanted)
        if ((await readExtensionPackage(store, upstream.spool)).rootfs.has(path)) return true
      }
      return false
    },
    option: async (name) => (await describeRelease(upstream, lock, kept)).boot.kernel.options[name] ?? 'n',
    argumentNames: async () => argumentNames(talos ?? '', contract),
  })
  return found.flatMap(({ id, level, title, effect, source, until, extension }) => {
    const rule = RULES[level]
    if (waivers.some((one) => [rule, `${rule}/${id}`].includes(one.id) && !isExpired(one, today))) return []
    const what = extension === undefined ? `Talos ${talos}` : extension.name
    return [
      change(
        `advisory.${id}`,
        extension === undefined ? 'release' : 'extensions',
        level === 'must' ? 'breaks' : 'decide',
        `${what} is known to be bad: ${title}: ${effect} (${source})`,
        {
          rules: [rule],
          action: `${until === undefined ? 'look whether the effect is yours' : `take Talos ${until} or newer`}, or waive ${rule}/${id}`,
        },
      ),
    ]
  })
}

/** Names of arguments; undefined where they are unknown. */
function argumentNames(talos: string, contract: Contract): readonly string[] | undefined {
  try {
    const quirks = quirksOf(talos)
    const secureBoot = contract.secureBoot ? quirks.secureBootArguments : []
    const overlay = overlayArguments(contract)
    const parts = { defaults: quirks.metalArm64CommandLine, overlay, secureBoot, extra: contract.extraKernelArguments }
    return expectedCommandLine(parts).map((one) => one.split('=')[0] ?? one)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
