import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { signatureLists } from '../../testing/media-samples.ts'
import { readSignatureLists } from './signature-lists.ts'

const sample = () => signatureLists([{ data: Buffer.from('one') }, { data: Buffer.alloc(32, 1), isHash: true }])
const read = (bytes: Uint8Array) => readSignatureLists(bytesSource(bytes, { path: 'db.auth' }))

describe('readSignatureLists', () => {
  it('reads certificates and their owners, and counts hashes', async () => {
    const owner = '00112233445566778899aabbccddeeff'
    const entries = await read(sample())
    const texts = entries.map((entry) => [entry.owner, entry.certificate && Buffer.from(entry.certificate).toString()])
    expect(texts).toEqual([
      [owner, 'one'],
      [owner, undefined],
    ])
  })

  it.each([
    ['a list beyond the end', 42 + 16, 0xff, 'MALFORMED'],
    ['signatures of no size', 42 + 24, 0, 'MALFORMED'],
    ['another kind of signature', 24, 0, 'MALFORMED'],
    ['a signature beyond the end', 18, 0xff, 'TRUNCATED'],
  ] as const)('refuses %s', async (_, offset, value, code) => {
    const bytes = Buffer.from(sample())
    bytes[offset] = value
    const error = await expectCode(() => read(bytes), FormatError, code)
    expect(error.at?.path).toBe('db.auth')
  })
})

describeHostile('keys to enroll', { 'db.auth': sample }, readSignatureLists)
