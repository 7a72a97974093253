import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAll } from '../bytes/source.ts'
import { FormatError, HarnessError, SchemaError, VerificationError, type HarnessCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { serve } from '../testing/http-server.ts'
import { json } from '../testing/oci-samples.ts'
import { openSampleAuthority, type SampleAuthority } from '../testing/signing-samples.ts'
import { embeddedTrust, parseTrustedRoot, refreshTrust } from './trust.ts'

let root: SampleAuthority['root']
beforeAll(async () => {
  ;({ root } = await openSampleAuthority())
})

describe('embeddedTrust', () => {
  it('is the public good instance', async () => {
    const { material, name } = await embeddedTrust()
    expect(name).toBe('trusted_root.json of @sigstore/tuf')
    expect(material.tlogs.map(({ baseURL }) => baseURL)).toContain('https://rekor.sigstore.dev')
    expect(material.certificateAuthorities.length).toBeGreaterThan(0)
    expect(() => material.publicKey('x')).toThrow(/got the key x/)
  })
})

describe('parseTrustedRoot', () => {
  it('keeps when an authority ends', () => {
    const validFor = { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' }
    const certificateAuthorities = root.certificateAuthorities.map((one) => ({ ...one, validFor }))
    const { material } = parseTrustedRoot(json({ ...root, certificateAuthorities }), 'x')
    expect(material.certificateAuthorities[0]?.validFor.end).toEqual(new Date('2021-01-01T00:00:00Z'))
  })

  const without = (part: 'tlogs' | 'certificateAuthorities', change: object) => () =>
    json({ ...root, [part]: root[part].map((one) => ({ ...one, ...change })) })

  it.each<[string, () => Uint8Array, new (...args: never[]) => HarnessError, HarnessCode]>([
    ['no JSON', () => Buffer.from('{'), FormatError, 'MALFORMED'],
    ['too much', () => Buffer.alloc((1 << 20) + 1, ' '), FormatError, 'LIMIT_EXCEEDED'],
    ['another version', () => json({ ...root, mediaType: 'x;version=9' }), VerificationError, 'TRUST_ROOT'],
    ['an authority without a beginning', without('certificateAuthorities', { validFor: {} }), SchemaError, 'SCHEMA'],
    [
      'an authority with a beginning that is no time',
      without('certificateAuthorities', { validFor: { start: 'once' } }),
      SchemaError,
      'SCHEMA',
    ],
    [
      'an authority without certificates',
      without('certificateAuthorities', { certChain: { certificates: [] } }),
      SchemaError,
      'SCHEMA',
    ],
    [
      'a certificate that is none',
      without('certificateAuthorities', { certChain: { certificates: [{ rawBytes: 'AAAA' }] } }),
      VerificationError,
      'TRUST_ROOT',
    ],
    [
      'a log without a beginning',
      without('tlogs', { publicKey: { rawBytes: 'AAAA', keyDetails: 'PKIX_ED25519' } }),
      SchemaError,
      'SCHEMA',
    ],
    [
      'a key that is none',
      without('tlogs', {
        publicKey: { rawBytes: 'AAAA', keyDetails: 'PKIX_ED25519', validFor: { start: '2020-01-01T00:00:00Z' } },
      }),
      VerificationError,
      'TRUST_ROOT',
    ],
  ])('refuses %s', async (_, bytes, Class, code) => {
    const error = await expectCode(() => parseTrustedRoot(bytes(), 'root.json'), Class, code)
    expect(error.at?.path).toBe('root.json')
  })
})

describe('refreshTrust', () => {
  it('says that there is none where it cannot be had', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trust-'))
    try {
      await using server = await serve((_, response) => void response.writeHead(404).end())
      const refresh = () => refreshTrust({ folder, mirrorUrl: server.url })
      const error = await expectCode(refresh, VerificationError, 'TRUST_ROOT')
      expect(error.message).toContain(server.url)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describeHostile('trusted root', { root: () => json(root) }, async (source) =>
  parseTrustedRoot(await readAll(source, 1 << 20), source.where.path ?? ''),
)
