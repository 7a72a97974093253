import { describe, expect, it } from 'vitest'
import { digestOf } from '../bytes/digest.ts'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { tarEntry, tarOf } from '../testing/oci-samples.ts'
import { TarScanner } from './tar-scanner.ts'

const AT = { path: 'layer' }

describe('TarScanner', () => {
  it('finds every header and hands on nothing after the end', () => {
    const archive = tarOf([
      { name: 'a', content: 'x' },
      { name: 'b', pax: { mtime: '5', comment: 'dropped' } },
    ])
    const scanner = new TarScanner(AT)
    const part = scanner.push(Buffer.concat([archive, Buffer.from('after')]))
    scanner.finish()
    expect(part).toEqual(archive)
    expect(scanner.ended).toBe(true)
    expect(scanner.headers).toEqual([
      { offset: 0, size: 1, mtime: 0, pax: new Map(), flag: '0', problems: [], isGo: false },
      {
        offset: 2048,
        size: 0,
        mtime: 0,
        pax: new Map([['mtime', Buffer.from('5')]]),
        flag: '0',
        problems: [],
        isGo: false,
      },
    ])
    expect(scanner.push(Buffer.from('more'))).toHaveLength(0)
  })

  it('gives the digest of big content, whatever pieces it comes in, and of no other', () => {
    const sizes = [65_535, 65_536, 65_537, 70_144, 200_000]
    const contents = sizes.map((size) => Buffer.alloc(size, `content of ${size} bytes`))
    const tar = tarOf(contents.map((content, at) => ({ name: `${at}`, content })))
    for (const step of [512, 1000, 65_536, tar.length]) {
      const scanner = new TarScanner(AT)
      for (let at = 0; at < tar.length; at += step) scanner.push(tar.subarray(at, at + step))
      const [small, ...big] = scanner.headers.map(({ digest }) => digest)
      expect(small).toBeUndefined()
      expect(big).toEqual(contents.slice(1).map((one) => digestOf(one)))
    }
  })

  it('believes the size of PAX, beyond what octal can say', () => {
    const scanner = new TarScanner(AT)
    scanner.push(tarEntry({ name: 'big', pax: { size: '10000000000' } }))
    expect(scanner.headers).toMatchObject([{ size: 10_000_000_000 }])
    expect(() => scanner.finish()).toThrow('expected 10000000000 more bytes')
  })

  it('stops at 250,000 entries', { timeout: 240_000 }, async () => {
    const scanner = new TarScanner(AT)
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => tarEntry({ name: 'x' })))
    for (let at = 0; at < 250; at++) scanner.push(thousand)
    const error = await expectCode(() => scanner.push(thousand), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ path: 'layer', offset: 128_000_000 })
  })

  it('stops at 128 MiB of extended headers', async () => {
    const scanner = new TarScanner(AT)
    const long = tarEntry({ name: 'x', type: 'L', content: Buffer.alloc(1 << 20, 'x') })
    const pushAll = (): void => {
      for (let at = 0; at < 200; at++) scanner.push(long)
    }
    const error = await expectCode(pushAll, FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ path: 'layer', offset: 127 * long.length })
  })
})
