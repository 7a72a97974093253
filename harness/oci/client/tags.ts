// The tags of a repository: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
import { z } from 'zod'
import { NotFoundError } from '../../errors.ts'
import { parseDocument } from '../image/schemas.ts'
import type { RegistryClient } from './client.ts'
import { readPages } from './pages.ts'
import { redactUrl } from './http/url.ts'

/** Some registries write an empty list as null. */
const tagsSchema = z.looseObject({ tags: z.array(z.string()).nullish() })
/** The most that Amazon's registry takes; others give as many as they like. */
const PAGE_SIZE = 1000
/** A thousand tags of 128 characters with their quotes. */
const MAX_PAGE_BYTES = 4 << 20

/** Lists all tags in the order of the registry. NotFoundError MANIFEST_UNKNOWN for a repository that is not there. */
export async function listTags(
  client: RegistryClient,
  repository: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const tags = new Set<string>()
  const target = `/v2/${repository}/tags/list?n=${PAGE_SIZE}`
  const request = {
    repository,
    target,
    accept: 'application/json',
    expect: [200, 404],
    maxBytes: MAX_PAGE_BYTES,
    signal,
  }
  for await (const { bytes, reply } of readPages(client, request)) {
    const at = { path: redactUrl(reply.url) }
    if (reply.status === 404)
      throw new NotFoundError('MANIFEST_UNKNOWN', `expected a repository ${repository}, got none`, { at })
    for (const tag of parseDocument(bytes, tagsSchema, 'tags', at, MAX_PAGE_BYTES).tags ?? []) tags.add(tag)
  }
  return [...tags]
}
