// A list that comes in pages, followed by Link: a bounded number of them, all from the registry itself, none twice.
import { FormatError, RegistryError } from '../../errors.ts'
import { readBody } from './http/body.ts'
import { assertIdentity, type RegistryClient } from './client.ts'
import { MAX_PAGES } from './http/limits.ts'
import { parseNextLink, resolveNextLink } from './http/link.ts'
import type { Reply } from './http/transport.ts'
import { redactUrl } from './http/url.ts'

export type Page = { readonly bytes: Uint8Array; readonly reply: Reply }
export type PageRequest = {
  readonly repository: string
  readonly target: string
  readonly accept: string
  readonly expect: readonly number[]
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

/** RegistryError REGISTRY_PROTOCOL where there are too many pages, one comes twice, or the next is elsewhere. */
export async function* readPages(client: RegistryClient, request: PageRequest): AsyncGenerator<Page, void, void> {
  const { repository, accept, expect, signal } = request
  const seen = new Set<string>()
  for (let target: string | undefined = request.target; target !== undefined;) {
    const where = `${client.registry}${target.split('?')[0]}`
    if (seen.has(target) || seen.size >= MAX_PAGES)
      throw new RegistryError(
        'REGISTRY_PROTOCOL',
        `${where}: expected at most ${MAX_PAGES} pages, each once, got more`,
        {
          request: where,
        },
      )
    seen.add(target)
    const page: Page & { next: string | undefined } = await client.exchange(
      { repository, target, headers: { accept }, expect },
      (reply) => readPage(client, reply, request.maxBytes),
      signal,
    )
    yield page
    target = page.next
  }
}

async function readPage(
  client: RegistryClient,
  reply: Reply,
  maxBytes: number,
): Promise<Page & { next: string | undefined }> {
  const at = { path: redactUrl(reply.url) }
  if (reply.status !== 200) {
    await reply.discard()
    return { bytes: new Uint8Array(0), reply, next: undefined }
  }
  assertIdentity(reply)
  const bytes = await readBody(reply, {
    maxBytes,
    documentMs: client.limits.documentMs,
    tooLong: () => new FormatError('list', 'LIMIT_EXCEEDED', `expected at most ${maxBytes} bytes, got more`, { at }),
  })
  const header = reply.headers('link').join(', ')
  const target = header === '' ? undefined : parseNextLink(header, at)
  return { bytes, reply, next: target === undefined ? undefined : resolveNextLink(target, reply.url, at) }
}
