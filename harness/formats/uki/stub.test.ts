import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { samplePe, type SampleOptions } from '../../testing/pe-sample.ts'
import { readStub } from './stub.ts'

const sections = [
  { name: '.text', data: Buffer.alloc(0x201, 0x11) },
  { name: '.bss', data: Buffer.alloc(0), virtualSize: 0x40 },
  { name: '.sbat', data: Buffer.from('sbat,1') },
]
const read = (options?: SampleOptions) => readStub(bytesSource(samplePe(sections, options), { path: 'stub.efi' }))
const stored = (data: Uint8Array, rawSize: number): string =>
  createHash('sha256')
    .update(data)
    .update(Buffer.alloc(rawSize - data.length))
    .digest('hex')

describe('readStub', () => {
  it('reads headers, and sections with the padding that the file has behind them', async () => {
    const bytes = samplePe(sections)
    const flags = 0x40000040
    expect(await read()).toEqual({
      dosHeader: bytes.toString('hex', 0, 64),
      fileHeader: bytes.toString('hex', 0x84, 0x98),
      optionalHeader: bytes.toString('hex', 0x98, 0x98 + 240),
      sections: [
        {
          name: '.text',
          address: 0x1000,
          size: 0x201,
          rawSize: 0x400,
          flags,
          sha256: stored(Buffer.alloc(0x201, 0x11), 0x400),
        },
        { name: '.bss', address: 0x2000, size: 0x40, rawSize: 0, flags, sha256: stored(Buffer.alloc(0), 0) },
        {
          name: '.sbat',
          address: 0x3000,
          size: 6,
          rawSize: 0x200,
          flags,
          sha256: stored(Buffer.from('sbat,1'), 0x200),
        },
      ],
    })
  })

  it.for<readonly [string, SampleOptions]>([
    ['in PE32', { pe32: true }],
    ['with fewer data directories', { directoryCount: 10 }],
  ])('refuses a stub %s', async ([, options]) => {
    const error = await expectCode(() => read(options), FormatError, 'UNSUPPORTED')
    expect(error.at?.path).toBe('stub.efi')
  })

  it('refuses a stub with symbols', async () => {
    const bytes = samplePe(sections)
    bytes.writeUInt32LE(0x400, 0x8c)
    const error = await expectCode(() => readStub(bytesSource(bytes)), FormatError, 'UNSUPPORTED')
    expect(error.message).toContain('COFF')
  })
})

describeHostile('stub', { 'stub.efi': () => samplePe(sections) }, (source) => readStub(source))
