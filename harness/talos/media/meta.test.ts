import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { metaSample } from '../../testing/media-samples.ts'
import { readMeta } from './meta.ts'

const read = (bytes: Uint8Array) => readMeta(bytesSource(bytes, { path: 'META' }))

describe('readMeta', () => {
  it('reads the values of both copies', async () => {
    const copy = { digestHolds: true, isPlain: true, values: new Map([[0x0a, Buffer.from('hi').toString('hex')]]) }
    expect(await read(metaSample())).toEqual({ copies: [copy, copy], restIsZero: true })
  })

  it('tells zeros, a digest that does not hold, and bytes behind the copies', async () => {
    expect(await read(new Uint8Array(1 << 20))).toEqual({ copies: [undefined, undefined], restIsZero: true })
    const bytes = Buffer.from(metaSample())
    bytes[13] = 0
    bytes[bytes.length - 1] = 1
    const { copies, restIsZero } = await read(bytes)
    expect(copies.map((copy) => copy?.digestHolds)).toEqual([false, true])
    expect(restIsZero).toBe(false)
  })

  it('tells bytes behind the last value, and a tag that is there twice', async () => {
    const behind = Buffer.from(metaSample())
    behind[1000] = 1
    expect((await read(behind)).copies.map((copy) => copy?.isPlain)).toEqual([false, true])
    const twice = Buffer.from(metaSample())
    twice.copy(twice, 14, 4, 14)
    const [first] = (await read(twice)).copies
    expect(first).toMatchObject({ isPlain: false, values: new Map([[0x0a, '6869']]) })
  })

  it('refuses a value that reaches over the end of its copy', async () => {
    const bytes = Buffer.from(metaSample())
    bytes.writeUInt32BE(0x4_0000, 8)
    const error = await expectCode(() => read(bytes), FormatError, 'MALFORMED')
    expect(error.message).toBe('meta: expected a value inside the copy, got one of 262144 bytes')
  })
})

describeHostile('meta', { partition: metaSample }, readMeta)
