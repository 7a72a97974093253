// A tag moved from what it was read to name, and from nothing else: what somebody else wrote meanwhile stays.
import type { Digest } from '../../bytes/digest.ts'
import type { RegistryClient } from '../client/client.ts'
import { findManifest } from '../client/manifests.ts'
import { pushManifest, resolveTag, type ManifestToPush } from './manifest.ts'

export type TagMove = {
  readonly tag: string
  /** The digest that the tag named when it was read; undefined for none. */
  readonly from: Digest | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Gives the digest that the tag names afterwards: that of the manifest where it was moved or was there already,
 * another one or none where somebody else moved it. The write has a condition; since not every registry knows them,
 * the tag is read just before and once more after it. Errors of `pushManifest` and `fetchManifest`.
 */
export async function moveTag(
  client: RegistryClient,
  repository: string,
  manifest: ManifestToPush,
  { tag, from, signal }: TagMove,
): Promise<Digest | undefined> {
  const before = await findManifest(client, repository, tag, signal)
  if (before?.digest === manifest.digest || before?.digest !== from) return before?.digest
  const ifMatch = before === undefined ? null : before.etag
  await pushManifest(client, repository, manifest, tag, { signal, ifMatch })
  return resolveTag(client, repository, tag, signal)
}
