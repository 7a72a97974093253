import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { der, integer, oid, sampleKey, sampleName, sequence, set, utf8 } from '../../testing/der-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { commonName, parseCertificateIdentity } from './certificate.ts'

const where = { path: 'key.der' }
const name = (tag: number, bytes: Buffer) => sequence(set(sequence(oid('2.5.4.3'), der(tag, bytes))))
const key = sampleKey({ serial: '0099aabb' })

describe('parseCertificateIdentity', () => {
  it('reads serial, names and key identifier', () => {
    expect(parseCertificateIdentity(key.certificate, where)).toEqual({
      serial: '99:AA:BB',
      issuer: key.name,
      subject: key.name,
      subjectKeyIdentifier: '01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14',
    })
  })

  it('reads a certificate without version and extensions', () => {
    const signed = sequence(integer('07'), sequence(), sampleName('i'), sequence(), sampleName('s'), sequence())
    const certificate = sequence(signed, sequence(), der(0x03, Buffer.alloc(2)))
    expect(parseCertificateIdentity(certificate, where)).toEqual({
      serial: '07',
      issuer: sampleName('i'),
      subject: sampleName('s'),
    })
  })

  it.each([
    ['a certificate cut short', 'TRUNCATED', key.certificate.subarray(0, -1)],
    ['bytes behind it', 'MALFORMED', Buffer.concat([key.certificate, Buffer.alloc(1)])],
    ['another sequence', 'MALFORMED', sequence(integer('01'))],
  ] as const)('refuses %s', async (_, code, bytes) => {
    const error = await expectCode(() => parseCertificateIdentity(bytes, where), FormatError, code)
    expect(error.at?.path).toBe(where.path)
  })
})

describe('commonName', () => {
  it('finds the first', () => {
    expect(commonName(sampleName('J\u00f6rg'))).toBe('J\u00f6rg')
    expect(commonName(sequence(set(sequence(oid('2.5.4.10'), utf8('x')))))).toBeUndefined()
  })

  it('reads every kind of string', () => {
    expect(commonName(name(0x13, Buffer.from('printable')))).toBe('printable')
    expect(commonName(name(0x1e, Buffer.from('00e40062', 'hex')))).toBe('\u00e4b')
    expect(commonName(name(0x04, Buffer.from([0xab, 1])))).toBe('AB:01')
  })
})

describeHostile('certificate', { 'key.der': () => key.certificate }, async (source) => {
  const { issuer } = parseCertificateIdentity(await readAll(source, 1 << 20), source.where)
  return commonName(issuer, source.where)
})
