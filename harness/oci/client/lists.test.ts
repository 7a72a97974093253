import { describe, expect, it } from 'vitest'
import { digestOf, type Digest } from '../../bytes/digest.ts'
import { FormatError, HarnessError, IntegrityError, NotFoundError, RegistryError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { answerJson, serve, type Handler, type TestServer } from '../../testing/http-server.ts'
import { clientOf } from '../../testing/registry-client.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../image/media-types.ts'
import type { RegistryClient } from './client.ts'
import { fetchManifest } from './manifests.ts'
import { fallbackTag, listReferrers } from './referrers.ts'
import { listTags } from './tags.ts'

async function withServer<T>(
  handler: Handler,
  use: (client: RegistryClient, server: TestServer) => Promise<T>,
): Promise<T> {
  await using server = await serve(handler)
  const client = clientOf(server)
  try {
    return await use(client, server)
  } finally {
    await client.close()
  }
}

describe('fetchManifest', () => {
  const BYTES = Buffer.from('{"schemaVersion":2}')
  const DIGEST = digestOf(BYTES)
  const fetchOf = (handler: Handler, reference = 'v1') =>
    withServer(handler, (client) => fetchManifest(client, 'a', reference))
  const send =
    (headers: Record<string, string> = {}, bytes: Uint8Array = BYTES): Handler =>
    (_, response) =>
      void response.writeHead(200, { 'content-type': OCI_MANIFEST, ...headers }).end(bytes)

  it('names what came by its own bytes', async () => {
    expect(await fetchOf(send({ 'content-type': `${OCI_INDEX}; charset=utf-8` }))).toMatchObject({
      digest: DIGEST,
      mediaType: OCI_INDEX,
    })
    expect(await fetchOf(send({ 'docker-content-digest': DIGEST }), DIGEST)).toMatchObject({ bytes: BYTES })
    const sha512 = digestOf(BYTES, 'sha512')
    expect(await fetchOf(send({ 'docker-content-digest': sha512 }))).toMatchObject({ digest: DIGEST })
    expect(await fetchOf(send(), sha512)).toMatchObject({ digest: sha512 })
    expect(await fetchOf((_, response) => void response.end(BYTES))).toMatchObject({ mediaType: undefined })
  })

  it.each<[string, Handler, string, new (...args: never[]) => HarnessError, HarnessError['code']]>([
    ['is not there', (_, response) => void response.writeHead(404).end(), 'v1', NotFoundError, 'MANIFEST_UNKNOWN'],
    ['has other bytes than its digest', send(), digestOf(Buffer.from('x')), IntegrityError, 'DIGEST_MISMATCH'],
    [
      'has other bytes than the registry says',
      send({ 'docker-content-digest': digestOf(Buffer.from('x')) }),
      'v1',
      RegistryError,
      'REGISTRY_PROTOCOL',
    ],
    [
      'has a digest that is none',
      send({ 'docker-content-digest': 'sha256:../../x' }),
      'v1',
      RegistryError,
      'REGISTRY_PROTOCOL',
    ],
    ['is too big (CVE-2020-1702)', send({}, Buffer.alloc((4 << 20) + 1)), 'v1', FormatError, 'LIMIT_EXCEEDED'],
    [
      'is too big and does not say so',
      (_, response) => void (response.write(Buffer.alloc(3 << 20)), response.end(Buffer.alloc(3 << 20))),
      'v1',
      FormatError,
      'LIMIT_EXCEEDED',
    ],
    ['comes encoded (CVE-2026-22036)', send({ 'content-encoding': 'br' }), 'v1', RegistryError, 'REGISTRY_PROTOCOL'],
  ])('refuses one that %s', async (_, handler, reference, Class, code) => {
    const error = await expectCode(() => fetchOf(handler, reference), Class, code)
    expect(error.message).toMatch(/expected/)
  })

  it('believes the second answer where the first was wrong', async () => {
    const handler: Handler = (asked, response, count) =>
      send({}, count === 0 ? Buffer.from('{}') : BYTES)(asked, response, count)
    expect(await fetchOf(handler, DIGEST)).toMatchObject({ digest: DIGEST })
  })
})

describe('listTags', () => {
  const tags = (handler: Handler) => withServer(handler, (client) => listTags(client, 'a'))

  it('follows the pages', async () => {
    const handler: Handler = (asked, response) => {
      const last = new URL(asked.url, 'http://x').searchParams.get('last')
      if (last === null)
        answerJson(response, { name: 'a', tags: ['a', 'b'] }, { link: '</v2/a/tags/list?last=b>; rel="next"' })
      else answerJson(response, { name: 'a', tags: ['b', 'c'] })
    }
    expect(await tags(handler)).toEqual(['a', 'b', 'c'])
    expect(await tags((_, response) => answerJson(response, { tags: null }))).toEqual([])
  })

  it.each<[string, Handler]>([
    ['in a circle', (asked, response) => answerJson(response, { tags: ['a'] }, { link: `<${asked.url}>; rel="next"` })],
    [
      'without end',
      (_, response, count) =>
        answerJson(response, { tags: ['a'] }, { link: `</v2/a/tags/list?last=${count}>; rel="next"` }),
    ],
    [
      'to another origin (CVE-2026-85732)',
      (_, response) => answerJson(response, { tags: ['a'] }, { link: '<http://127.0.0.1:1/v2/>; rel="next"' }),
    ],
    ['nowhere', (_, response) => answerJson(response, { tags: ['a'] }, { link: 'next' })],
  ])('is not led %s', async (_, handler) => {
    const error = await expectCode(() => tags(handler), RegistryError, 'REGISTRY_PROTOCOL')
    expect(error.message).toMatch(/expected/)
  })

  it('refuses what is no list', async () => {
    expect(
      await expectCode(() => tags((_, response) => answerJson(response, { tags: [7] })), SchemaError, 'SCHEMA'),
    ).toBeDefined()
    await expectCode(() => tags((_, response) => void response.end('[')), FormatError, 'MALFORMED')
    await expectCode(() => tags((_, response) => void response.end(' '.repeat(5 << 20))), FormatError, 'LIMIT_EXCEEDED')
    await expectCode(() => tags((_, response) => void response.writeHead(404).end()), NotFoundError, 'MANIFEST_UNKNOWN')
  })
})

describe('listReferrers', () => {
  const SUBJECT = `sha256:${'a'.repeat(64)}` as Digest
  const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
  const entry = (seed: string, artifactType: string): object => ({
    mediaType: OCI_MANIFEST,
    digest: digestOf(Buffer.from(seed)),
    size: 1,
    artifactType,
  })
  const index = (...manifests: readonly object[]): object => ({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })
  const sendIndex = (response: Parameters<Handler>[1], value: object, headers: Record<string, string> = {}): void =>
    answerJson(response, value, { 'content-type': OCI_INDEX, ...headers })
  const list = (handler: Handler, artifactType?: string) =>
    withServer(handler, (client) =>
      listReferrers(client, 'a', SUBJECT, artifactType === undefined ? {} : { artifactType }),
    )

  it('follows the pages of the API, and filters what the registry did not', async () => {
    const handler: Handler = (asked, response) => {
      if (asked.url.includes('page=2')) sendIndex(response, index(entry('c', BUNDLE)))
      else
        sendIndex(response, index(entry('a', BUNDLE), entry('b', 'other/type')), {
          link: `<${asked.url}&page=2>; rel="next"`,
        })
    }
    const { source, descriptors } = await list(handler, BUNDLE)
    expect({ source, types: descriptors.map((one) => one.artifactType) }).toEqual({
      source: 'api',
      types: [BUNDLE, BUNDLE],
    })
  })

  it.each<[string, number, string]>([
    ['does not know the API', 404, 'text/plain'],
    ['takes it for a bad request', 400, 'application/json'],
    ['does not accept it', 406, 'text/plain'],
    ['answers with a page for people', 200, 'text/html'],
  ])('reads the tag where the registry %s, and trusts no type there', async (_, status, type) => {
    const handler: Handler = (asked, response) => {
      if (asked.url.includes(`/manifests/${fallbackTag(SUBJECT)}`))
        sendIndex(response, index(entry('a', 'application/vnd.oci.empty.v1+json')))
      else response.writeHead(status, { 'content-type': type }).end('{}')
    }
    const { source, descriptors } = await list(handler, BUNDLE)
    expect({ source, descriptors }).toMatchObject({ source: 'tag', descriptors: [{ artifactType: undefined }] })
  })

  it('has none where there is neither', async () => {
    expect(await list((_, response) => void response.writeHead(404).end())).toEqual({ source: 'tag', descriptors: [] })
    expect(fallbackTag(SUBJECT)).toBe(`sha256-${'a'.repeat(64)}`)
  })

  it('refuses what is no index', async () => {
    expect(
      await expectCode(() => list((_, response) => sendIndex(response, { manifests: 7 })), SchemaError, 'SCHEMA'),
    ).toBeDefined()
  })
})
