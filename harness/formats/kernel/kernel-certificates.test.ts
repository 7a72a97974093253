import { describe, expect, it } from 'vitest'
import { bytesSource, CHUNK_SIZE } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { context, der, integer, sampleKey, sampleName, sequence } from '../../testing/der-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { parseCertificateIdentity } from '../der/certificate.ts'
import { findCertificates } from './kernel-certificates.ts'
import { cpuMs } from '../../testing/cpu-time.ts'

const where = { path: 'vmlinuz!Image' }
const first = sampleKey({ serial: '01' })
const second = sampleKey({ serial: '02', type: 'ec' })
const pattern = Buffer.from('a00302010202', 'hex')
const zeros = (length: number) => Buffer.alloc(length)
const find = async (...parts: readonly Buffer[]) =>
  (await findCertificates(bytesSource(Buffer.concat(parts), where))).map(({ raw }) => raw)

describe('findCertificates', () => {
  it('finds certificates one behind another, each once', async () => {
    const found = await find(zeros(100), first.certificate, second.certificate, zeros(7), first.certificate)
    expect(found).toEqual([first.certificate, second.certificate])
  })

  it('finds none where there is none', async () => {
    expect(await find()).toEqual([])
    expect(await find(zeros(CHUNK_SIZE + 5))).toEqual([])
  })

  it.each([1, 4, 5, 8, 9, 11, 12, 13, 14, 15, 300])('finds one that begins %d bytes before a chunk ends', async (n) => {
    const found = await find(zeros(CHUNK_SIZE - n), first.certificate, zeros(CHUNK_SIZE))
    expect(found).toEqual([first.certificate])
  })

  it('finds one at the very start and end', async () => {
    expect(await find(first.certificate)).toEqual([first.certificate])
  })

  it.each([
    ['the pattern alone', pattern],
    ['one sequence', Buffer.concat([Buffer.from('30820100', 'hex'), pattern, zeros(300)])],
    ['a certificate cut short', first.certificate.subarray(0, -1)],
    [
      'an inner sequence as long as the outer',
      Buffer.concat([Buffer.from('3082010030820100', 'hex'), pattern, zeros(300)]),
    ],
    ['a certificate of more than 32 KiB', sampleKey({ name: 'n'.repeat(20_000) }).certificate],
    ['what fails to parse', Buffer.concat([Buffer.from('3082010830820100', 'hex'), pattern, zeros(300)])],
    ['short headers that fail to parse', Buffer.concat([Buffer.from('308190308180', 'hex'), pattern, zeros(300)])],
  ])('passes over %s', async (_, bytes) => {
    expect(await find(zeros(20), bytes)).toEqual([])
  })

  it('passes over what OpenSSL does not take for a certificate', async () => {
    const rest = [sequence(), sampleName('i'), sequence(), sampleName('s'), sequence(zeros(100))]
    const signed = sequence(context(0, integer('02')), integer('01'), ...rest)
    const certificate = sequence(signed, sequence(), der(0x03, zeros(2)))
    expect(parseCertificateIdentity(certificate)).toMatchObject({ serial: '01' })
    expect(await find(certificate, first.certificate)).toEqual([first.certificate])
  })

  it('gives up on an image that is nothing but patterns', async () => {
    const error = await expectCode(
      () => find(...Array.from({ length: 4097 }, () => pattern)),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(error.at).toEqual({ ...where, offset: 4096 * pattern.length })
  })

  it('takes well under a second for 64 MiB', async () => {
    const image = Buffer.alloc(64 << 20, 'code that is no certificate, 0x30 0x82 ')
    first.certificate.copy(image, 50 << 20)
    const started = cpuMs()
    expect(await findCertificates(bytesSource(image, where))).toHaveLength(1)
    expect(cpuMs() - started).toBeLessThan(1000)
  })
})

const image = Buffer.concat([zeros(100), first.certificate, sequence(), second.certificate])
describeHostile('kernel certificates', { Image: () => image }, findCertificates)
