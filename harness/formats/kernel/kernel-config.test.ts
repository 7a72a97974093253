import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesSource, CHUNK_SIZE } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { findKernelBanner, kernelReleaseOf, parseKernelConfig, readKernelConfig } from './kernel-config.ts'
import { cpuMs } from '../../testing/cpu-time.ts'

const banner = 'Linux version 6.12.57-talos (@buildkitsandbox) (gcc (GCC) 14.3.0) #1 SMP Thu Nov  6 12:35:51 UTC 2025'
const text =
  '#\n# Linux/arm64 Kernel Configuration\n#\nCONFIG_64BIT=y\n# CONFIG_KEXEC is not set\n\nCONFIG_NR_CPUS=512\n'
const where = { path: 'Image' }
const ikconfig = (content: string) =>
  Buffer.concat([Buffer.from('IKCFG_ST'), gzipSync(content), Buffer.from('IKCFG_ED')])
const source = (...parts: readonly (string | Uint8Array)[]) =>
  bytesSource(Buffer.concat(parts.map((part) => Buffer.from(part))), where)

describe('findKernelBanner', () => {
  it('finds the banner up to its newline', async () => {
    expect(await findKernelBanner(source('\0\0', banner, '\n\0'))).toBe(banner)
  })

  it.for([
    ['a format string', 'Linux version %s (%s)\n\0'],
    ['other words', 'Linux version is unknown\n\0'],
    ['a C string without newline', 'Linux version 2.6 or later\0'],
    ['a text that is too long', `Linux version 2${'x'.repeat(1024)}\n\0`],
  ] as const)('does not take %s for it', async ([, other]) => {
    expect(await findKernelBanner(source(other, banner, '\n\0'))).toBe(banner)
    expect(await findKernelBanner(source(other))).toBeUndefined()
  })

  it('finds a banner of the greatest size', async () => {
    const longest = banner.padEnd(1023, 'x')
    expect(await findKernelBanner(source(longest, '\n'))).toBe(longest)
    expect(await findKernelBanner(source(longest, 'x\n'))).toBeUndefined()
  })

  it.for([1, 7, 14, 15, 60, banner.length, banner.length + 1])(
    'finds a banner of which %i bytes are in the first chunk',
    async (before) => {
      expect(await findKernelBanner(source(Buffer.alloc(CHUNK_SIZE - before), banner, '\n\0'))).toBe(banner)
    },
  )

  it('does not mind a broken configuration', async () => {
    expect(await findKernelBanner(source(ikconfig(text).subarray(0, -1), banner, '\n'))).toBe(banner)
  })

  it('looks once at an image full of almost-banners', async () => {
    const started = cpuMs()
    expect(await findKernelBanner(bytesSource(Buffer.alloc(8 << 20, 'Linux version 6.')))).toBeUndefined()
    expect(cpuMs() - started).toBeLessThan(2_000)
  })
})

describe('kernelReleaseOf', () => {
  it('is the third word', () => {
    expect(kernelReleaseOf(banner)).toBe('6.12.57-talos')
  })

  it('answers MALFORMED for another text', async () => {
    const error = await expectCode(() => kernelReleaseOf('Linux', where), FormatError, 'MALFORMED')
    expect(error.at).toEqual(where)
  })
})

describe('readKernelConfig', () => {
  it('reads the embedded configuration', async () => {
    expect(await readKernelConfig(source('code', ikconfig(text), 'code'))).toEqual(
      new Map([
        ['CONFIG_64BIT', 'y'],
        ['CONFIG_KEXEC', 'n'],
        ['CONFIG_NR_CPUS', '512'],
      ]),
    )
  })

  it('is undefined without one, and for the mark alone', async () => {
    expect(await readKernelConfig(source('code IKCFG_ST text'))).toBeUndefined()
  })

  it.for([1, 8, 10])('finds a start mark of which %i bytes are in the first chunk', async (before) => {
    const config = await readKernelConfig(source(Buffer.alloc(CHUNK_SIZE - before), ikconfig(text)))
    expect(config?.size).toBe(3)
  })

  it.for([
    ['TRUNCATED', 'no end mark', { path: 'Image', offset: 12 }, ikconfig(text).subarray(0, -1)],
    ['TRUNCATED', 'a cut stream', { path: 'Image!config.gz' }, cut(ikconfig(text))],
    ['LIMIT_EXCEEDED', 'a huge text', { path: 'Image!config.gz' }, ikconfig('\n'.repeat((4 << 20) + 1))],
    ['MALFORMED', 'another text', { path: 'Image!config.gz', offset: 6 }, ikconfig('# é\n\nhello\n')],
  ] as const)('answers %s for %s', async ([code, , at, bytes]) => {
    const error = await expectCode(() => readKernelConfig(source('code', bytes)), FormatError, code)
    expect(error.at).toMatchObject(at)
  })
})

describe('parseKernelConfig', () => {
  it.for([
    ['CONFIG_TLS=m', 'm'],
    ['CONFIG_PHYS=0x80000000', '0x80000000'],
    ['CONFIG_LOCALVERSION="-talos"', '-talos'],
    ['CONFIG_SYSTEM_TRUSTED_KEYS=""', ''],
    ['CONFIG_CMDLINE="a \\"b\\" c:\\\\d"', 'a "b" c:\\d'],
    ['# CONFIG_KEXEC is not set', 'n'],
  ] as const)('reads %s', ([line, value]) => {
    expect([...parseKernelConfig(line, where).values()]).toEqual([value])
  })

  it.for(['CONFIG_A', 'A=y', 'CONFIG_A="open', 'CONFIG_A="a"b"', 'CONFIG_A=a b', ' CONFIG_A=y'])(
    'answers MALFORMED for %s',
    async (line) => {
      const error = await expectCode(() => parseKernelConfig(line, where), FormatError, 'MALFORMED')
      expect(error.at).toEqual({ path: 'Image', offset: 0 })
    },
  )

  it('answers LIMIT_EXCEEDED for a line that would exhaust the matcher', async () => {
    const line = `CONFIG_A="${'\\a'.repeat(2 << 20)}`
    const error = await expectCode(() => parseKernelConfig(`\n${line}`, where), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual({ path: 'Image', offset: 1 })
  })
})

describeHostile(
  'kernel config',
  { Image: () => Buffer.concat([Buffer.from(`${banner}\n\0`), ikconfig(text), Buffer.alloc(64)]) },
  async (image) => {
    await findKernelBanner(image)
    await readKernelConfig(image)
  },
)

/** The compressed text loses its second half, the marks stay. */
function cut(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.from('IKCFG_ED')])
}
