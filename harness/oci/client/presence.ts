// The presence of content in a registry, without fetching it: what is in the cache may have come from elsewhere.
import type { Digest } from '../../bytes/digest.ts'
import type { RegistryClient } from './client.ts'

/**
 * Asks whether the registry has it; undefined where it does not answer HEAD. One that redirects has it: what it
 * redirects to is signed for GET. Errors of `RegistryClient.exchange`.
 */
export async function askPresence(
  client: RegistryClient,
  repository: string,
  { kind, digest }: { readonly kind: 'blobs' | 'manifests'; readonly digest: Digest },
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  const target = `/v2/${repository}/${kind}/${digest}`
  const expect = [200, 301, 302, 303, 307, 308, 404, 405, 501]
  return client.exchange(
    { repository, target, method: 'HEAD', headers: { accept: '*/*' }, expect },
    async (reply) => {
      await reply.discard()
      return reply.status === 404 ? false : reply.status < 400 || undefined
    },
    signal,
  )
}

/** One that cannot say is believed. */
export async function isPresent(...asked: Parameters<typeof askPresence>): Promise<boolean> {
  return (await askPresence(...asked)) !== false
}
