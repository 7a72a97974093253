import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError, VerificationError } from '../../errors.ts'
import { appendSignature, oid, sampleKey, sampleModule, samplePkcs7, sampleSigner } from '../../testing/der-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { verifyModuleSignature } from './signature.ts'
import { readModule } from './module.ts'

const where = { path: '4.sqsh!zfs.ko' }
const key = sampleKey({ serial: '01' })
const other = sampleKey({ serial: '02', name: 'other key' })
const sameName = sampleKey({ serial: '01' })
const sameSerial = sampleKey({ serial: '01', name: 'other key' })
const elliptic = sampleKey({ type: 'ec', serial: '03' })
const bare = sampleModule()
const sign = (options: Parameters<typeof samplePkcs7>[2] = {}, by = key) =>
  appendSignature(bare, samplePkcs7(by, bare, options))

async function verify(bytes: Uint8Array, keys = [other, elliptic, key]) {
  const module = await readModule(bytesSource(bytes, where))
  return verifyModuleSignature(
    module,
    keys.map(({ x509 }) => x509),
  )
}

describe('verifyModuleSignature', () => {
  it('finds the key by issuer and serial number', async () => {
    expect(await verify(sign())).toEqual({ keyId: '01', signer: 'sample key', hash: 'sha512', certificate: key.x509 })
  })

  it('finds the key by its identifier', async () => {
    const evidence = await verify(sign({ byKeyIdentifier: true, hash: 'sha256' }), [key])
    expect(evidence).toMatchObject({ hash: 'sha256', certificate: key.x509 })
    expect(evidence).not.toHaveProperty('signer')
  })

  it('takes elliptic curves', async () => {
    expect((await verify(sign({}, elliptic))).certificate).toBe(elliptic.x509)
  })

  it('takes the first signer whose key is known', async () => {
    const signers = [sampleSigner(other, bare), sampleSigner(key, bare)]
    expect((await verify(sign({ signers }), [key])).keyId).toBe('01')
  })

  it('takes the last of two signatures, over the first', async () => {
    const once = sign()
    expect((await verify(appendSignature(once, samplePkcs7(other, once)))).keyId).toBe('02')
  })
})

describe('verifyModuleSignature refuses', () => {
  const flipped = sign()
  flipped.writeUInt8((flipped[0x40] ?? 0) ^ 1, 0x40)
  const rsaAsEc = { signatureOid: '1.2.840.10045.4.3.4' }
  // The second signature of a module that was signed twice covers the first, so a copy of the first does not fit.
  const doubled = appendSignature(sign(), samplePkcs7(key, bare))

  it.each([
    ['no signature', bare],
    ['a signature whose end is cut off', sign().subarray(0, -1)],
    ['another payload', flipped],
    ['a signature appended twice', doubled],
    ['another digest than it names', sign({ hash: 'sha512', digestOid: '2.16.840.1.101.3.4.2.1' })],
    ['signed attributes', sign({ signedAttributes: true })],
    ['content', sign({ attached: true })],
    ['no signer', sign({ signers: [] })],
    ['an unknown digest', sign({ digestOid: '1.2.3' })],
    ['an unknown signature algorithm', sign({ signatureOid: '1.2.3' })],
    ['an algorithm of another key', sign(rsaAsEc)],
  ])('%s', async (_, bytes) => {
    const error = await expectCode(() => verify(bytes), VerificationError, 'SIGNATURE')
    expect(error.at).toMatchObject(where)
  })

  it('another key of the same name', async () => {
    const error = await expectCode(() => verify(sign(), [sameName]), VerificationError, 'SIGNATURE')
    expect(error.at).toEqual({ ...where, offset: bare.length })
  })

  it('another key of the same serial number', async () => {
    const error = await expectCode(() => verify(sign(), [sameSerial]), VerificationError, 'IDENTITY')
    expect(error.at).toEqual({ ...where, offset: bare.length })
  })

  it('a key of an unknown kind', async () => {
    const at = key.certificate.indexOf(oid('1.2.840.113549.1.1.1'))
    const certificate = Buffer.from(key.certificate).fill(oid('1.2.840.113549.1.1.99'), at, at + 11)
    const module = await readModule(bytesSource(sign(), where))
    const verification = () => verifyModuleSignature(module, [new X509Certificate(certificate)])
    const error = await expectCode(verification, VerificationError, 'SIGNATURE')
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('a key that is not given', async () => {
    const error = await expectCode(() => verify(sign(), [other]), VerificationError, 'IDENTITY')
    expect(error.message).toBe('expected a module signed by one of 02, got 01')
    expect(error.at).toEqual({ ...where, offset: bare.length })
    await expectCode(() => verify(sign(), []), VerificationError, 'IDENTITY')
  })

  it('what is no PKCS#7', async () => {
    const error = await expectCode(() => verify(appendSignature(bare, bare)), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ ...where, offset: bare.length })
  })
})

describeHostile('module signature', { 'zfs.ko': () => sign() }, async (source) =>
  verifyModuleSignature(await readModule(source), [key.x509]),
)
