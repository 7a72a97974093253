import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { VerificationError, type HarnessCode } from '../errors.ts'
import { context, der, integer, octets, oid, sampleName, sequence, utf8 } from '../testing/der-samples.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { readAll } from '../bytes/source.ts'
import { readIdentity } from './certificate.ts'

const ISSUER = 'https://accounts.google.com'
const AT = { path: 'x' }
const ALGORITHM = sequence(oid('1.2.840.10045.4.3.2'))
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

const extension = (id: string, value: Uint8Array): Buffer => sequence(oid(id), octets(value))
const USE = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3')))
const OLD_ISSUER = extension('1.3.6.1.4.1.57264.1.1', Buffer.from(ISSUER))
const NEW_ISSUER = extension('1.3.6.1.4.1.57264.1.8', utf8(ISSUER))
const email = (text: string): Buffer => der(0x81, Buffer.from(text))
const uri = (text: string): Buffer => der(0x86, Buffer.from(text))
const names = (...all: readonly Buffer[]): Buffer => extension('2.5.29.17', sequence(...all))

/** A certificate as Fulcio signs it, by an authority of the test. */
function leaf(...extensions: readonly Buffer[]): Buffer {
  const time = (text: string): Buffer => der(0x17, Buffer.from(text))
  const signed = sequence(
    context(0, integer('02')),
    integer('01'),
    ALGORITHM,
    sampleName('authority'),
    sequence(time('260101000000Z'), time('260101001000Z')),
    sequence(),
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensions)),
  )
  return sequence(signed, ALGORITHM, der(0x03, Buffer.from([0]), sign('sha256', signed, privateKey)))
}

describe('readIdentity', () => {
  it.each<[string, Buffer, string]>([
    ['an address', names(email('a@example.com')), 'a@example.com'],
    ['a URI', names(uri('https://x.example/y@z')), 'https://x.example/y@z'],
  ])('reads %s', (_, name, subject) => {
    expect(readIdentity(leaf(USE, name, NEW_ISSUER), AT)).toEqual({ issuer: ISSUER, subject })
    expect(readIdentity(leaf(USE, name, OLD_ISSUER), AT)).toEqual({ issuer: ISSUER, subject })
  })

  it.each<[string, Buffer, HarnessCode]>([
    ['a URI that is an address', leaf(USE, names(uri('a@example.com')), NEW_ISSUER), 'IDENTITY'],
    ['an address that is a URI', leaf(USE, names(email('mailto:a@example.com')), NEW_ISSUER), 'IDENTITY'],
    ['an address with a line in it', leaf(USE, names(email('x\na@example.com')), NEW_ISSUER), 'IDENTITY'],
    ['a host', leaf(USE, names(der(0x82, Buffer.from('https://x.example'))), NEW_ISSUER), 'IDENTITY'],
    ['two names', leaf(USE, names(email('a@example.com'), uri('https://x.example')), NEW_ISSUER), 'IDENTITY'],
    ['no name', leaf(USE, NEW_ISSUER), 'IDENTITY'],
    ['an empty list of names', leaf(USE, names(), NEW_ISSUER), 'IDENTITY'],
    ['names twice', leaf(USE, names(email('a@b')), names(email('a@b')), NEW_ISSUER), 'IDENTITY'],
    ['no issuer', leaf(USE, names(email('a@example.com'))), 'IDENTITY'],
    ['two issuers', leaf(USE, names(email('a@b')), NEW_ISSUER, NEW_ISSUER), 'IDENTITY'],
    [
      'an issuer in another type',
      leaf(USE, names(email('a@b')), extension('1.3.6.1.4.1.57264.1.8', octets(Buffer.from(ISSUER)))),
      'IDENTITY',
    ],
    ['letters that are none', leaf(USE, names(der(0x81, Buffer.from('a@b\xff', 'latin1'))), NEW_ISSUER), 'IDENTITY'],
    ['no use', leaf(names(email('a@example.com')), NEW_ISSUER), 'SIGNATURE'],
    [
      'another use',
      leaf(extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.8'))), names(email('a@b')), NEW_ISSUER),
      'SIGNATURE',
    ],
    ['no certificate', Buffer.from('x'), 'IDENTITY'],
  ])('refuses %s', async (_, bytes, code) => {
    const error = await expectCode(() => readIdentity(bytes, AT), VerificationError, code)
    expect(error).toMatchObject({ at: AT, message: expect.stringMatching(/^certificate: expected/) as string })
  })
})

describeHostile(
  'certificate',
  { leaf: () => leaf(USE, names(email('a@example.com')), OLD_ISSUER, NEW_ISSUER) },
  async (source) => readIdentity(await readAll(source, 1 << 20), source.where),
)
