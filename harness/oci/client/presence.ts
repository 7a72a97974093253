// Whether a registry has something, without fetching it: what lies in the cache may have come from elsewhere.
import type { Digest } from '../../bytes/digest.ts'
import type { RegistryClient } from './http.ts'

/**
 * A registry that does not answer HEAD is believed, and so is one that redirects: what it redirects to is signed for GET.
 * Errors of `RegistryClient.exchange`.
 */
export async function isPresent(
  client: RegistryClient,
  repository: string,
  { kind, digest }: { readonly kind: 'blobs' | 'manifests'; readonly digest: Digest },
  signal?: AbortSignal,
): Promise<boolean> {
  const target = `/v2/${repository}/${kind}/${digest}`
  const expect = [200, 301, 302, 303, 307, 308, 404, 405, 501]
  return client.exchange(
    { repository, target, method: 'HEAD', headers: { accept: '*/*' }, expect },
    async (reply) => {
      await reply.discard()
      return reply.status !== 404
    },
    signal,
  )
}
