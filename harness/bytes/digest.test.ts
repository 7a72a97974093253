import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { algorithmOf, digestOf, encodedPart, isDigest, parseDigest, readDigest, sha256Hex } from './digest.ts'
import { bytesSource } from './source.ts'

const ABC = Buffer.from('abc')
// FIPS 180-2, appendix B.1
const ABC_SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const ABC_SHA512 =
  'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'

describe('parseDigest', () => {
  it.for([`sha256:${ABC_SHA256}`, `sha512:${ABC_SHA512}`])('accepts %s', (text) => {
    expect(parseDigest(text)).toBe(text)
  })

  it.for([
    ['', 'nothing'],
    [ABC_SHA256, 'no algorithm'],
    [`sha256:${ABC_SHA256.toUpperCase()}`, 'upper case'],
    [`sha256:${ABC_SHA256.slice(1)}`, 'too short'],
    [`sha256:${ABC_SHA256}0`, 'too long'],
    [`sha512:${ABC_SHA256}`, 'the length of another algorithm'],
    [`md5:${ABC_SHA256.slice(0, 32)}`, 'an algorithm that proves nothing'],
    [`sha256:${ABC_SHA256}\n`, 'a line end'],
    ['sha256:../../../../etc/passwd', 'a path (CVE-2024-3727)'],
    [`sha256:${'/'.repeat(64)}`, 'slashes'],
  ] as const)('refuses %j: %s', async ([text]) => {
    const error = await expectCode(() => parseDigest(text, { path: 'index.json' }), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ path: 'index.json' })
    expect(isDigest(text)).toBe(false)
  })

  it('quotes a long text in part only', async () => {
    const error = await expectCode(() => parseDigest('x'.repeat(1e6)), FormatError, 'MALFORMED')
    expect(error.message.length).toBeLessThan(300)
  })
})

describe('digests', () => {
  it('are those of the standard', async () => {
    expect(digestOf(ABC)).toBe(`sha256:${ABC_SHA256}`)
    expect(digestOf(ABC, 'sha512')).toBe(`sha512:${ABC_SHA512}`)
    expect(await readDigest(bytesSource(ABC))).toBe(`sha256:${ABC_SHA256}`)
    expect(await readDigest(bytesSource(ABC), 'sha512')).toBe(`sha512:${ABC_SHA512}`)
    expect(await sha256Hex(bytesSource(ABC))).toBe(ABC_SHA256)
  })

  it('are streamed over several chunks', async () => {
    const bytes = Buffer.alloc(3 * (1 << 20) + 7, 0x5a)
    expect(await readDigest(bytesSource(bytes))).toBe(digestOf(bytes))
  })

  it('come apart into algorithm and digits', () => {
    const digest = parseDigest(`sha512:${ABC_SHA512}`)
    expect([algorithmOf(digest), encodedPart(digest)]).toEqual(['sha512', ABC_SHA512])
    expect(algorithmOf(digestOf(ABC))).toBe('sha256')
  })
})
