// The embedded upstream, signed, in a registry: what `--upstream embedded` and `registry --with-upstream` use.
import { openAuthority, type Authority } from '#fixtures/simulator/authority/authority.ts'
import { signUpstream } from '#fixtures/simulator/authority/sign-upstream.ts'
import type { Content } from '#fixtures/simulator/registry/content/content.ts'
import { RELEASE_NAMES, type ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { makeUpstream, type Upstream } from '#fixtures/simulator/upstream/upstream.ts'
import { heldExtensions, ownKernel, type Contract } from '#specs/contract/contract.ts'
import { UsageError } from '../cli/command-line.ts'

type SignedUpstream = { readonly made: Upstream; readonly authority: Authority }

/**
 * Puts these releases into a registry's content, signed by an authority of the moment; images with a kernel of one's own
 * where the contract names one.
 */
export async function putSignedUpstream(
  registry: { readonly content: Content },
  releases: readonly ReleaseName[],
  contract?: Contract,
): Promise<SignedUpstream> {
  const hasOwnKernel = contract !== undefined && ownKernel(contract) !== undefined
  const made = await makeUpstream({ releases, hasOwnKernel })
  const authority = await openAuthority()
  await made.serve(registry)
  await signUpstream(registry.content, made.images, authority)
  return { made, authority }
}

/** The embedded release of this tag. UsageError where there is none. */
export function embeddedRelease(talos: string): ReleaseName {
  const found = RELEASE_NAMES.find((name) => name === talos)
  if (found !== undefined) return found
  throw new UsageError(`the embedded upstream is of ${RELEASE_NAMES.join(', ')}, not of ${talos}`)
}

/** The embedded release of this tag, and before it those that the contract holds extensions back at. */
export function embeddedReleases(talos: string, contract: Contract): readonly ReleaseName[] {
  const held = heldExtensions(contract).map((one) => embeddedRelease(one.talos))
  const release = embeddedRelease(talos)
  return [...new Set(held)].filter((one) => one !== release).concat(release)
}
