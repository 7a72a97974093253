import { describe, expect, it } from 'vitest'
import { FormatError } from '../../../errors.ts'
import { expectCode } from '../../../testing/expect-code.ts'
import { describeHostile } from '../../../testing/hostile.ts'
import { xzSample } from './xz-samples.ts'
import { unxz } from './xz.ts'
import { bytesSource, type ByteSource } from '../../../bytes/source.ts'

/** 400 times this sentence, as `xz` 5.4 compressed it: by default, with `--check=sha256`, with a dictionary of 128 MiB. */
const TEXT = Buffer.from('Talos for CozyStack. '.repeat(400))
const DEFAULT =
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4CDPAD9dACoYSYch677l77ZG3oI7feeM6LEhBTxZtrMzH8r3DaLejTAbGyaZu20LJ+S7d/VEQLO3STks2sX3ftGAo3NgAAAAnB0GwRz7HBgAAVvQQQAAAOhsQQ+xxGf7AgAAAAAEWVo='
const SHA256 =
  '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4CDPAD9dACoYSYch677l77ZG3oI7feeM6LEhBTxZtrMzH8r3DaLejTAbGyaZu20LJ+S7d/VEQLO3STks2sX3ftGAo3NgAAAAiVkkC67U32okvYoqlreK5sIf46IaddFlIUpihGmNVXYAAXPQQQAAALPrvuS26d8cAgAAAAAKWVo='
const LARGE_DICTIONARY =
  '/Td6WFoAAATm1rRGAgAhAR4AAACbB1Fm4CDPAD9dACoYSYch677l77ZG3oI7feeM6LEhBTxZtrMzH8r3DaLejTAbGyaZu20LJ+S7d/VEQLO3STks2sX3ftGAo3NgAAAAnB0GwRz7HBgAAVvQQQAAAOhsQQ+xxGf7AgAAAAAEWVo='

const MAX_BYTES = 1 << 20
const sourceOf = (bytes: Uint8Array): ByteSource => bytesSource(bytes, { path: 'disk.raw.xz' })

async function decode(source: ByteSource, maxBytes = MAX_BYTES): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(unxz(source, { where: source.where, format: 'medium', maxBytes })))
}

const compressed = Buffer.from(DEFAULT, 'base64')

describe('unxz', () => {
  it('decodes what xz compressed, and streams and blocks one after another with padding between them', async () => {
    expect(await decode(sourceOf(compressed))).toEqual(TEXT)
    const [a, b] = [Buffer.alloc(200_000, 'a'), Buffer.alloc(3, 'b')]
    const streams = Buffer.concat([xzSample(a, b), Buffer.alloc(8), compressed, xzSample()])
    expect(await decode(sourceOf(streams))).toEqual(Buffer.concat([a, b, TEXT]))
    expect(await decode(sourceOf(xzSample()))).toEqual(Buffer.alloc(0))
  })

  const damaged = Buffer.from(compressed)
  damaged[60] = (damaged[60] ?? 0) ^ 1
  it.each([
    ['nothing', Buffer.alloc(0), 'TRUNCATED'],
    ['half a stream', compressed.subarray(0, 70), 'TRUNCATED'],
    ['a stream without its end', compressed.subarray(0, -4), 'TRUNCATED'],
    ['other bytes', Buffer.alloc(64, 'x'), 'BAD_MAGIC'],
    ['junk behind a stream', Buffer.concat([compressed, Buffer.alloc(64, 'x')]), 'BAD_MAGIC'],
    ['padding that is no word', Buffer.concat([compressed, Buffer.alloc(3)]), 'MALFORMED'],
    ['a bit that is another', damaged, 'MALFORMED'],
    ['a checksum by SHA-256', Buffer.from(SHA256, 'base64'), 'UNSUPPORTED'],
    ['a dictionary of 128 MiB', Buffer.from(LARGE_DICTIONARY, 'base64'), 'LIMIT_EXCEEDED'],
  ] as const)('refuses %s', async (_, bytes, code) => {
    const { at } = await expectCode<FormatError>(() => decode(sourceOf(bytes)), FormatError, code)
    expect(at).toMatchObject({ path: 'disk.raw.xz', offset: expect.any(Number) })
  })

  it('ends at its limit, passes on errors of its source, and lets the next source begin', async () => {
    await expectCode(() => decode(sourceOf(compressed), 100), FormatError, 'LIMIT_EXCEEDED')
    const broken = sourceOf(compressed)
    const failing = {
      ...broken,
      where: broken.where,
      size: broken.size,
      async *stream() {
        yield compressed.subarray(0, 20)
        throw new Error('the disk is gone')
      },
    } as unknown as ByteSource
    await expect(decode(failing)).rejects.toThrow('the disk is gone')
    const first = unxz(sourceOf(xzSample(TEXT, TEXT)), { where: {}, format: 'medium', maxBytes: MAX_BYTES })
    await first.next()
    await first.return()
    expect(await Promise.all([decode(sourceOf(compressed)), decode(sourceOf(xzSample(TEXT)))])).toEqual([TEXT, TEXT])
  })
})

describeHostile('xz', { compressed: () => compressed, stored: () => xzSample(TEXT, TEXT) }, decode)
