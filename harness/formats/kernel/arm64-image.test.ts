import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { readArm64Image } from './arm64-image.ts'

const read = (file: Uint8Array) => readArm64Image(bytesSource(file, { path: 'Image' }))

describe('readArm64Image', () => {
  it('reads the header', async () => {
    expect(await read(sampleImage())).toEqual({
      textOffset: 0x80000,
      imageSize: 0x3f00000,
      flags: { raw: 0x0an, bigEndian: false, pageSize: 4096, placement: 'anywhere' },
      peOffset: 0x40,
    })
  })

  it.for([
    [0x0n, { bigEndian: false, pageSize: undefined, placement: 'near-memory-base' }],
    [0x1n, { bigEndian: true, pageSize: undefined, placement: 'near-memory-base' }],
    [0x4n, { bigEndian: false, pageSize: 16384, placement: 'near-memory-base' }],
    [0xen, { bigEndian: false, pageSize: 65536, placement: 'anywhere' }],
    [0xfff0_0000_0000_0002n, { bigEndian: false, pageSize: 4096, placement: 'near-memory-base' }],
  ] as const)('reads flags 0x%o', async ([raw, expected]) => {
    expect((await read(sampleImage(raw))).flags).toEqual({ raw, ...expected })
  })

  it.for([
    ['BAD_MAGIC', 'another file', 0x38, () => sampleImage().fill(0, 0x38, 0x3c)],
    ['TRUNCATED', 'an empty file', 0, () => Buffer.alloc(0)],
    ['TRUNCATED', 'a header cut short', 0x3c, () => sampleImage().subarray(0, 0x3e)],
    ['LIMIT_EXCEEDED', 'a size that is no number', 0x10, () => sampleImage().fill(0xff, 0x10, 0x18)],
  ] as const)('answers %s for %s', async ([code, , offset, make]) => {
    const error = await expectCode(() => read(make()), FormatError, code)
    expect(error.at).toEqual({ path: 'Image', offset })
  })
})

describeHostile('arm64 image', { Image: () => sampleImage() }, readArm64Image)

function sampleImage(flags = 0x0an): Buffer {
  const out = Buffer.alloc(64)
  out.write('MZ', 0, 'latin1')
  out.writeBigUInt64LE(0x80000n, 0x08)
  out.writeBigUInt64LE(0x3f00000n, 0x10)
  out.writeBigUInt64LE(flags, 0x18)
  out.write('ARM\x64', 0x38, 'latin1')
  out.writeUInt32LE(0x40, 0x3c)
  return out
}
