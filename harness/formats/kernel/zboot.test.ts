import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { bytesSource, readAll } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError, IntegrityError, type HarnessError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { samplePe } from '../../testing/pe-sample.ts'
import { MAX_IMAGE_SIZE, readZboot } from './zboot.ts'

const folder = await mkdtemp(join(tmpdir(), 'zboot-test-'))
const spool = new Spool(folder)
afterAll(async () => {
  await spool.close()
  await rm(folder, { recursive: true })
})

const PAYLOAD_OFFSET = 0x400
const image = Buffer.from('an arm64 Image '.repeat(300))
const zstd = zstdCompressSync(image)
const gzip = gzipSync(image)
const read = (file: Uint8Array) => readZboot(bytesSource(file, { path: 'vmlinuz' }))

describe('readZboot', () => {
  it('reads the header', async () => {
    const zboot = await read(sampleZboot('zstd', zstd))
    expect(zboot).toMatchObject({
      payloadOffset: PAYLOAD_OFFSET,
      payloadSize: zstd.length,
      compression: 'zstd',
      uncompressedSize: image.length,
      linuxPeMagic: 0x818223cd,
      peMachine: 0xaa64,
      peMagic: 0x20b,
      subsystem: 10,
    })
    expect(await readAll(zboot.payload, 1 << 20)).toEqual(zstd)
  })

  it.for([
    ['zstd', zstd],
    ['zstd22', zstd],
    ['gzip', gzip],
  ] as const)('decompresses %s', async ([compression, payload]) => {
    const zboot = await read(sampleZboot(compression, payload))
    expect(zboot.uncompressedSize).toBe(image.length)
    const decompressed = await zboot.image(spool)
    expect(decompressed.where).toEqual({ path: 'vmlinuz!Image' })
    expect(await readAll(decompressed, 1 << 20)).toEqual(image)
  })

  it.for([
    ['an x86 bzImage', () => at(0x202, 'HdrS')],
    ['an uncompressed arm64 Image', () => at(0x38, 'ARM\x64')],
    ['another PE image', () => samplePe([])],
    ['an ELF file', () => Buffer.from('\x7fELF', 'latin1')],
    ['a gzip stream', () => gzip],
    ['a zstd stream', () => zstd],
    ['an empty file', () => Buffer.alloc(0)],
    ['a file that starts with 2321', () => Buffer.from('#!')],
  ] as const)('names what is not zboot: %s', async ([name, make]) => {
    const error = await expectCode(() => read(make()), FormatError, 'BAD_MAGIC')
    expect(error.message).toBe(`zboot: expected an EFI zboot image (zimg), got ${name}`)
    expect(error.at).toEqual({ path: 'vmlinuz', offset: 0 })
  })

  it.for([
    ['TRUNCATED', 'a header cut short', 0x18, () => sampleZboot('zstd', zstd).subarray(0, 0x30)],
    ['TRUNCATED', 'a payload outside the file', PAYLOAD_OFFSET, () => sampleZboot('zstd', zstd).subarray(0, -0x1e0)],
    ['TRUNCATED', 'a gzip payload too short', PAYLOAD_OFFSET, () => sampleZboot('gzip', Buffer.alloc(17))],
    ['MALFORMED', 'no compression', 0x18, () => sampleZboot('', zstd)],
    ['MALFORMED', 'a compression without end', 0x18, () => sampleZboot('x'.repeat(32), zstd)],
  ] as const)('answers %s for %s', async ([code, , offset, make]) => {
    const error = await expectCode(() => read(make()), FormatError, code)
    expect(error.at).toEqual({ path: 'vmlinuz', offset })
  })
})

describe('image', () => {
  it('names a compression that it does not read', async () => {
    const error = await refuse(sampleZboot('xzkern', zstd), 'UNSUPPORTED', FormatError)
    expect(error).toMatchObject({ message: 'zboot: expected gzip or zstd, got "xzkern"', at: { offset: 0x18 } })
  })

  it('does not take a name from the prototype for a compression', async () => {
    const error = await refuse(sampleZboot('constructor', zstd), 'UNSUPPORTED', FormatError)
    expect(error.message).toContain('got "constructor"')
  })

  it('refuses a size above the limit before it decompresses', async () => {
    const error = await refuse(sampleZboot('zstd', zstd, MAX_IMAGE_SIZE + 1), 'LIMIT_EXCEEDED', FormatError)
    expect(error.at).toEqual({ path: 'vmlinuz', offset: PAYLOAD_OFFSET + zstd.length })
  })

  it('refuses an image longer than its size', async () => {
    const error = await refuse(sampleZboot('zstd', zstd, image.length - 1), 'LIMIT_EXCEEDED', FormatError)
    expect(error.at?.path).toBe('vmlinuz!payload')
  })

  it('refuses an image shorter than its size', async () => {
    const error = await refuse(sampleZboot('zstd', zstd, image.length + 1), 'SIZE_MISMATCH', IntegrityError)
    expect(error).toMatchObject({ got: image.length, want: image.length + 1, at: { path: 'vmlinuz!Image' } })
  })
})

describeHostile(
  'zboot',
  { 'zstd.efi': () => sampleZboot('zstd', zstd), 'gzip.efi': () => sampleZboot('gzip', gzip) },
  async (source) => {
    const zboot = await readZboot(source)
    for await (const _ of zboot.payload.stream()) continue
    await zboot.image(spool)
  },
)

async function refuse(
  file: Uint8Array,
  code: HarnessError['code'],
  Class: typeof FormatError | typeof IntegrityError,
): Promise<HarnessError> {
  const zboot = await read(file)
  return expectCode(() => zboot.image(spool), Class, code)
}

/** Header, payload at PAYLOAD_OFFSET, and behind it the size of the image where gzip does not have it already. */
function sampleZboot(compression: string, payload: Uint8Array, size = image.length): Buffer {
  const trailer = Buffer.alloc(4)
  trailer.writeUInt32LE(size)
  const data = compression === 'gzip' ? payload : Buffer.concat([payload, trailer])
  const out = samplePe([{ name: '.text', data }], { headerOffset: 0x40 })
  out.write('zimg', 4, 'latin1')
  out.writeUInt32LE(PAYLOAD_OFFSET, 8)
  out.writeUInt32LE(payload.length, 12)
  out.write(compression, 0x18, 'latin1')
  out.writeUInt32LE(0x818223cd, 0x38)
  return out
}

function at(offset: number, text: string): Buffer {
  const out = Buffer.alloc(0x400)
  out.write('MZ', 0, 'latin1')
  out.write(text, offset, 'latin1')
  return out
}
