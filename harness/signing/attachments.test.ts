import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { digestOf, type Digest } from '../bytes/digest.ts'
import { FormatError, SchemaError } from '../errors.ts'
import { openCache } from '../oci/cache/cache.ts'
import { fallbackTag } from '../oci/client/referrers.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../oci/image/media-types.ts'
import { parseReference, type RegistryReference } from '../oci/image/reference.ts'
import { openRegistryAccess, type RegistryAccess } from '../oci/registry/access.ts'
import { expectCode } from '../testing/expect-code.ts'
import { serve, type Handler, type TestServer } from '../testing/http-server.ts'
import { descriptorOf, indexOf, json } from '../testing/oci-samples.ts'
import { PATIENT } from '../testing/registry-client.ts'
import { readAttachments, type Attachment } from './attachments.ts'

const folder = await mkdtemp(join(tmpdir(), 'attachments-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json'
const DSSE = 'application/vnd.dsse.envelope.v1+json'
const SPDX = 'application/spdx+json'
const EMPTY = descriptorOf(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
const SUBJECT = digestOf(Buffer.from('image'))
const TAG = fallbackTag(SUBJECT)
const subjectOf = (digest: Digest): object => ({ mediaType: OCI_MANIFEST, digest, size: 5 })

type Content = { readonly manifests: Map<string, Uint8Array>; readonly blobs: Map<string, Uint8Array> }
const newContent = (): Content => ({ manifests: new Map(), blobs: new Map() })

type Layer = { readonly type: string; readonly text: string; readonly annotations?: object; readonly size?: number }
/** A manifest with layers, put into the registry; its descriptor. */
function put({ manifests, blobs }: Content, layers: readonly Layer[], rest: object = {}, tag?: string) {
  const described = layers.map(({ type, text, ...more }) => {
    const bytes = Buffer.from(text)
    blobs.set(digestOf(bytes), bytes)
    return { ...descriptorOf(bytes, type), ...more }
  })
  const manifest = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: EMPTY, layers: described, ...rest })
  manifests.set(digestOf(manifest), manifest)
  if (tag !== undefined) manifests.set(tag, manifest)
  return descriptorOf(manifest, OCI_MANIFEST)
}
const putReferrer = (content: Content, layers: readonly Layer[], rest: object = {}) =>
  put(content, layers, { subject: subjectOf(SUBJECT), ...rest })

/** `listed` is what the referrers API answers; without it there is no API. */
const registryOf =
  ({ manifests, blobs }: Content, listed?: readonly object[]): Handler =>
  ({ url, method }, response) => {
    const [, kind = '', name = ''] = /^\/v2\/you\/image\/(\w+)\/(.+)$/.exec(url) ?? []
    const bytes =
      kind === 'referrers' ? listed && indexOf(listed) : (kind === 'manifests' ? manifests : blobs).get(name)
    if (bytes === undefined) return void response.writeHead(404).end()
    const { mediaType = OCI_INDEX } =
      kind === 'blobs' ? {} : (JSON.parse(Buffer.from(bytes).toString()) as { mediaType?: string })
    response.writeHead(200, { 'content-type': kind === 'blobs' ? 'application/octet-stream' : mediaType })
    return void response.end(method === 'HEAD' ? undefined : bytes)
  }

const referenceOf = ({ host }: TestServer): RegistryReference =>
  parseReference(`${host}/you/image:v1`) as RegistryReference
const open = async (root: string, isOnline = true): Promise<RegistryAccess> =>
  openRegistryAccess({
    cache: await openCache(root),
    ...(isOnline && { network: { credentials: async () => undefined, limits: PATIENT } }),
  })

/** As read with a network, and proven to be the same without. */
async function read(content: Content, listed?: readonly object[]): Promise<readonly Attachment[]> {
  await using server = await serve(registryOf(content, listed))
  const root = join(folder, `${caches++}`)
  const online = await open(root)
  const found = await readAttachments(online, referenceOf(server), SUBJECT)
  const offline = openRegistryAccess({
    cache: online.cache,
    failures: structuredClone(online.failures()),
    answers: online.answers(),
  })
  expect(describeAll(await readAttachments(offline, referenceOf(server), SUBJECT))).toEqual(describeAll(found))
  await online.close()
  return found
}
const describeAll = (found: readonly Attachment[]) =>
  found.map(({ kind, mediaType, bytes, artifactType, error, at, annotations }) => ({
    kind,
    mediaType,
    text: Buffer.from(bytes).toString(),
    artifactType,
    code: error?.code,
    at,
    annotations,
  }))
const brief = (found: readonly Attachment[]): readonly string[] =>
  describeAll(found).map(({ kind, text, code }) => `${kind} ${code ?? text}`)

describe('readAttachments', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await read(newContent())).toEqual([])
    expect(await read(newContent(), [])).toEqual([])
  })

  it('finds referrers and the tags of cosign', async () => {
    const content = newContent()
    const bundle = putReferrer(content, [{ type: BUNDLE, text: 'b' }], {
      artifactType: BUNDLE,
      annotations: { a: '1' },
    })
    const spdx = putReferrer(content, [{ type: SPDX, text: 's' }], { artifactType: SPDX })
    const annotations = { 'dev.cosignproject.cosign/signature': 'x' }
    put(content, [{ type: SIMPLE, text: 'p', annotations }], { annotations: { a: '1' } }, `${TAG}.sig`)
    put(content, [{ type: DSSE, text: 'e' }], { config: { ...EMPTY, mediaType: OCI_CONFIG } }, `${TAG}.att`)
    put(content, [{ type: 'text/spdx+json', text: 't' }], {}, `${TAG}.sbom`)
    const found = await read(content, [bundle, spdx])
    const names = ['bundle b', 'document s', 'legacy-signature p', 'legacy-attestation e', 'document t']
    expect(brief(found)).toEqual(names)
    expect(found[0]).toMatchObject({ artifactType: BUNDLE, annotations: { a: '1' }, at: { digest: bundle.digest } })
    expect(found[2]?.annotations).toEqual(annotations)
    expect(found[3]).not.toHaveProperty('artifactType')
    expect(found[2]?.at.path).toMatch(`you/image:${TAG}.sig`)
    content.manifests.set(TAG, indexOf([bundle, { ...spdx, artifactType: EMPTY.mediaType }, bundle]))
    expect(brief(await read(content))).toEqual(names)
  })

  it('finds one that the tag names itself', async () => {
    const content = newContent()
    put(content, [{ type: BUNDLE, text: 'b' }], {}, TAG)
    const [found] = await read(content)
    expect(found).toMatchObject({ kind: 'bundle', artifactType: BUNDLE })
    put(content, [{ type: BUNDLE, text: 'b' }], { subject: subjectOf(digestOf(Buffer.from('other'))) }, TAG)
    expect(await read(content)).toEqual([])
  })

  it('believes no list, only manifests', async () => {
    const content = newContent()
    const none = put(content, [{ type: BUNDLE, text: 'a' }])
    const other = put(content, [{ type: BUNDLE, text: 'b' }], { subject: subjectOf(digestOf(Buffer.from('other'))) })
    const document = putReferrer(content, [{ type: 'text/plain', text: 'c' }], {
      config: { ...EMPTY, mediaType: SPDX },
    })
    const odd = putReferrer(content, [{ type: 'application/octet-stream', text: 'd' }], { artifactType: BUNDLE })
    const index = indexOf([])
    content.manifests.set(digestOf(index), index)
    const all = [none, other, document, odd, descriptorOf(index, OCI_INDEX)]
    const found = await read(
      content,
      all.map((one) => ({ ...one, artifactType: BUNDLE })),
    )
    expect(brief(found)).toEqual(['document c', 'bundle d'])
    expect(found[0]?.artifactType).toBe(SPDX)
  })

  it('says what is listed and cannot be read', async () => {
    const content = newContent()
    const broken = json({ layers: 7 })
    content.manifests.set(digestOf(broken), broken)
    const gone = descriptorOf(Buffer.from('gone'), OCI_MANIFEST)
    const hollow = putReferrer(content, [{ type: BUNDLE, text: 'hollow' }])
    content.blobs.clear()
    const big = putReferrer(content, [{ type: BUNDLE, text: 'big', size: 25 << 20 }])
    const long = { ...descriptorOf(Buffer.from('long'), OCI_MANIFEST), size: 5 << 20 }
    const found = await read(content, [gone, descriptorOf(broken, OCI_MANIFEST), hollow, big, long])
    expect(brief(found)).toEqual([
      'unreadable REFERRER_MISSING',
      'unreadable SCHEMA',
      'bundle BLOB_UNKNOWN',
      'bundle LIMIT_EXCEEDED',
      'unreadable LIMIT_EXCEEDED',
    ])
    for (const { error } of found) expect(error?.at?.path).toContain('you/image')
  })

  it('is not flooded (CVE-2023-46737)', async () => {
    const many = Array.from({ length: 101 }, (_, index) => descriptorOf(Buffer.from(`${index}`), OCI_MANIFEST))
    await expectCode(() => read(newContent(), many), FormatError, 'LIMIT_EXCEEDED')
    const content = newContent()
    const layers = Array.from({ length: 101 }, (_, index) => ({ type: SIMPLE, text: `${index}` }))
    put(content, layers, {}, `${TAG}.sig`)
    const error = await expectCode(() => read(content), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.digest).toBe(SUBJECT)
  })

  it('holds no more than it may, the same ones each time (CVE-2024-29902)', async () => {
    const content = newContent()
    const size = 20 << 20
    const layers = Array.from({ length: 8 }, (_, index) => ({ type: SPDX, text: `${index}`, size }))
    const descriptor = putReferrer(content, layers)
    content.blobs.clear()
    const found = await read(content, [descriptor])
    const codes = found.map(({ error }) => error?.code)
    expect(codes).toEqual([...Array.from({ length: 6 }, () => 'BLOB_UNKNOWN'), 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED'])
  })

  it('does not take a list that is broken for none', async () => {
    expect(brief(await read(newContent(), [{ digest: 'x' }]))).toEqual(['unreadable REGISTRY_PROTOCOL'])
    const content = newContent()
    content.manifests.set(TAG, json({ mediaType: OCI_INDEX, manifests: [{ digest: 'sha256:../../x' }] }))
    const error = await expectCode(() => read(content), SchemaError, 'SCHEMA')
    expect(error.at?.path).toContain('you/image')
  })

  it('does not know without a network what was never asked', async () => {
    const access = await open(join(folder, 'empty'), false)
    const reference = parseReference('other.example/you/image:v1') as RegistryReference
    const found = await readAttachments(access, reference, SUBJECT)
    expect(new Set(brief(found))).toEqual(new Set(['unreadable REGISTRY_UNAVAILABLE']))
    expect(found[0]?.error?.at?.path).toMatch(/^other.example/)
  })
})
