// A registry that does not answer what is asked beside the image, with the patience that a verdict has.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { digestOf } from '../bytes/digest.ts'
import { openCache } from '../oci/cache/cache.ts'
import { LIMITS } from '../oci/client/http/limits.ts'
import { fallbackTag } from '../oci/client/referrers.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../oci/image/media-types.ts'
import { parseReference, type RegistryReference } from '../oci/image/reference.ts'
import { openRegistryAccess } from '../oci/registry/access.ts'
import { serve, type Handler } from '../testing/http-server.ts'
import { descriptorOf, json } from '../testing/oci-samples.ts'
import { readAttachments } from './attachments.ts'

const folder = await mkdtemp(join(tmpdir(), 'unanswered-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0

const SUBJECT = digestOf(Buffer.from('image'))
const PAYLOAD = Buffer.from('{}')
const SIGNATURE = json({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: descriptorOf(PAYLOAD, 'application/vnd.oci.empty.v1+json'),
  layers: [descriptorOf(PAYLOAD, 'application/vnd.dev.cosign.simplesigning.v1+json')],
})

/** The tag of a signature and its blob; what the referrers answer is `referrers`. */
const withReferrers =
  (referrers: Handler): Handler =>
  (asked, response, count) => {
    const { url } = asked
    if (url.includes('/referrers/') || url.startsWith('/elsewhere')) return referrers(asked, response, count)
    const isSignature =
      url.endsWith(`/manifests/${fallbackTag(SUBJECT)}.sig`) || url.endsWith(`/manifests/${digestOf(SIGNATURE)}`)
    if (isSignature) return void response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(SIGNATURE)
    if (url.endsWith(`/blobs/${digestOf(PAYLOAD)}`)) return void response.writeHead(200).end(PAYLOAD)
    return void response.writeHead(404).end()
  }
const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Handler =>
  (_, response) =>
    void response.writeHead(code, headers).end(body)
/** As ghcr.io did: another place, which is busy for hours. */
const redirected: Handler = (asked, response, count) =>
  asked.url.startsWith('/elsewhere')
    ? status(429, { 'retry-after': '21600' })(asked, response, count)
    : status(303, { location: '/elsewhere' })(asked, response, count)
const gitlab =
  '{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid","detail":"unknown media type: x/y"}]}'

describe('attachments of a registry that does not list referrers', { timeout: 240_000 }, () => {
  it.concurrent.for<[string, Handler, number, RegExp, string, number?]>([
    [
      'redirects to a host that is busy for hours',
      redirected,
      2,
      /status 429; it says to come back in 6 h/,
      'REGISTRY_UNAVAILABLE',
    ],
    ['says 401', status(401), 1, /status 401/, 'REGISTRY_DENIED'],
    ['says 403', status(403), 1, /status 403/, 'REGISTRY_DENIED'],
    ['says 429', status(429), 3, /status 429$/, 'REGISTRY_UNAVAILABLE'],
    [
      'says 429 until tomorrow',
      status(429, { 'retry-after': '86400' }),
      1,
      /come back in 24 h/,
      'REGISTRY_UNAVAILABLE',
    ],
    ['says 500', status(500), 3, /status 500/, 'REGISTRY_UNAVAILABLE'],
    [
      'says 422 with a detail',
      status(422, {}, gitlab),
      1,
      /manifest invalid \(unknown media type: x\/y\)/,
      'REGISTRY_PROTOCOL',
    ],
    [
      'answers with a page',
      status(200, { 'content-type': 'text/html' }, '<html>'),
      1,
      /a page in HTML/,
      'REGISTRY_PROTOCOL',
    ],
    ['lists no list', status(200, { 'content-type': OCI_INDEX }, '['), 1, /list of referrers/, 'REGISTRY_PROTOCOL'],
    ['does not answer', () => undefined, 1, /expected an answer within 1 s/, 'REGISTRY_UNAVAILABLE', 1000],
  ])(
    'are read from its tags where it %s',
    async ([, handler, tries, said, code, asideMs = LIMITS.asideMs], { expect }) => {
      await using server = await serve(withReferrers(handler))
      const cache = await openCache(join(folder, `${caches++}`))
      const online = openRegistryAccess({ cache, network: { credentials: async () => undefined, limits: { asideMs } } })
      const reference = parseReference(`${server.host}/you/image:v1`) as RegistryReference
      const found = await readAttachments(online, reference, SUBJECT)
      // A verdict can do without: few tries, and none of the waits of minutes that a blob is worth.
      expect(server.asked.filter(({ url }) => /\/referrers\/|^\/elsewhere/.test(url))).toHaveLength(tries)
      expect(LIMITS.asideMs).toBe(8000)
      const seen = found.map(({ kind, error }) => ({ kind, code: error?.code, message: error?.message }))
      expect(seen).toEqual([
        { kind: 'unreadable', code, message: expect.stringMatching(said) },
        { kind: 'legacy-signature', code: undefined, message: undefined },
      ])
      expect(seen[0]?.message).toMatch(/^who refers to sha256:\w+ could not be asked: /)
      const offline = openRegistryAccess({ cache, failures: structuredClone(online.failures()) })
      const again = await readAttachments(offline, reference, SUBJECT)
      expect(again.map(({ kind, error }) => ({ kind, code: error?.code, message: error?.message }))).toEqual(seen)
      await online.close()
    },
  )
})
