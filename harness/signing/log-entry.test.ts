import { createPublicKey, X509Certificate } from 'node:crypto'
import type { TransparencyLogEntry } from '@sigstore/bundle'
import { describe, expect, it } from 'vitest'
import { FormatError, VerificationError } from '../errors.ts'
import { sampleKey } from '../testing/der-samples.ts'
import { expectCode } from '../testing/expect-code.ts'
import { json } from '../testing/oci-samples.ts'
import { spki, toPem } from '../testing/signing-samples.ts'
import { assertKnownKind, assertSameKey, ofCertificate } from './log-entry.ts'

const AT = { path: 'x' }
const KEY = sampleKey({ type: 'ec' })
const OTHER = sampleKey({ type: 'ec' })
const MINE = ofCertificate(new X509Certificate(KEY.certificate))
const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')
const pem = (certificate: Buffer): string => base64(toPem(certificate))

function entryOf(kind: string, version: string, spec: object): TransparencyLogEntry {
  const canonicalizedBody = json({ kind, apiVersion: version, spec })
  return { kindVersion: { kind, version }, canonicalizedBody } as unknown as TransparencyLogEntry
}

/** One of each kind, about what is in PEM or DER. */
const KINDS: readonly [string, (certificate: Buffer) => TransparencyLogEntry][] = [
  [
    'hashedrekord 0.0.1',
    (one) => entryOf('hashedrekord', '0.0.1', { signature: { publicKey: { content: pem(one) } } }),
  ],
  ['dsse 0.0.1', (one) => entryOf('dsse', '0.0.1', { signatures: [{ verifier: pem(one) }] })],
  [
    'intoto 0.0.2',
    (one) => entryOf('intoto', '0.0.2', { content: { envelope: { signatures: [{ publicKey: pem(one) }] } } }),
  ],
  [
    'hashedrekord 0.0.2',
    (one) =>
      entryOf('hashedrekord', '0.0.2', {
        hashedRekordV002: { signature: { verifier: { x509Certificate: { rawBytes: base64(one) } } } },
      }),
  ],
  [
    'dsse 0.0.2',
    (one) =>
      entryOf('dsse', '0.0.2', {
        dsseV002: { signatures: [{ verifier: { x509Certificate: { rawBytes: base64(one) } } }] },
      }),
  ],
]

describe('an entry of a log', () => {
  it.each(KINDS)('of %s is about one certificate', async (_, make) => {
    expect(() => assertKnownKind(make(KEY.certificate), AT)).not.toThrow()
    expect(() => assertSameKey(make(KEY.certificate), MINE, AT)).not.toThrow()
    const other = () => assertSameKey(make(OTHER.certificate), MINE, AT)
    expect((await expectCode(other, VerificationError, 'SIGNATURE')).message).toMatch(/got another$/)
    const none = () => assertSameKey(make(Buffer.from('x')), MINE, AT)
    expect((await expectCode(none, VerificationError, 'SIGNATURE')).message).toMatch(/can be read/)
  })

  it('is not about another certificate of the same key (CVE-2026-22703)', async () => {
    const [, make] = KINDS[0] ?? []
    const certificate = Buffer.from('the same key, issued once more')
    const signed = { certificate, publicKey: MINE.publicKey }
    const entry = make?.(KEY.certificate)
    if (entry === undefined) throw new Error('expected a kind')
    expect(await expectCode(() => assertSameKey(entry, signed, AT), VerificationError, 'SIGNATURE')).toMatchObject({
      at: AT,
    })
    expect(
      await expectCode(() => assertSameKey(entry, { publicKey: MINE.publicKey }, AT), VerificationError, 'SIGNATURE'),
    ).toMatchObject({ at: AT })
  })

  it('is about a key, in either version', () => {
    const key = createPublicKey(KEY.privateKey)
    const text = key.export({ type: 'spki', format: 'pem' }).toString()
    const rawBytes = base64(spki(key))
    for (const entry of [
      entryOf('dsse', '0.0.1', { signatures: [{ verifier: base64(text) }] }),
      entryOf('dsse', '0.0.2', { dsseV002: { signatures: [{ verifier: { publicKey: { rawBytes } } }] } }),
    ])
      expect(() => assertSameKey(entry, MINE, AT)).not.toThrow()
  })

  it('of another kind cannot be determined', async () => {
    const entry = entryOf('rekord', '0.0.1', {})
    expect((await expectCode(() => assertKnownKind(entry, AT), FormatError, 'UNSUPPORTED')).message).toMatch(
      /rekord\/0.0.1$/,
    )
    await expectCode(() => assertSameKey(entry, MINE, AT), VerificationError, 'SIGNATURE')
  })
})
