import { describe, expect, it } from 'vitest'
import { bytesSource, readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { fatSample } from '../../testing/media-samples.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { readFat } from './fat.ts'

async function readWhole(source: ByteSource): Promise<unknown> {
  const volume = await readFat(source)
  for (const { data } of volume.tree.entries()) if (data !== undefined) await readAll(data, 1 << 20)
  return volume
}

describe('readFat', () => {
  it('reads short names with case bits, long names, and a file in two pieces', async () => {
    const { tree, label, freeBytes, tablesAgree } = await readFat(bytesSource(fatSample(), { path: 'fat' }))
    expect([...tree.entries()].map(({ path, size }) => `${path} ${size}`)).toEqual([
      'Long name.conf 700',
      'boot 0',
      'boot/A.efi 3',
    ])
    expect({ label, freeBytes, tablesAgree }).toEqual({ label: 'EFI', freeBytes: 4 * 512, tablesAgree: true })
    const data = tree.get('Long name.conf')?.data
    expect(data && Buffer.from(await readAll(data, 1000)).toString()).toBe('a'.repeat(512) + 'b'.repeat(188))
  })

  it.each([
    ['a chain that comes back', 3, 3, 'MALFORMED'],
    ['a chain that is shorter than the file', 3, 0x0fff_ffff, 'MALFORMED'],
    ['a chain that is longer than the file', 5, 6, 'MALFORMED'],
    ['a cluster of no volume', 3, 0x0fff_0000, 'MALFORMED'],
  ] as const)('refuses %s', async (_, cluster, next, code) => {
    const sample = Buffer.from(fatSample())
    sample.writeUInt32LE(next, 2 * 512 + cluster * 4)
    const error = await expectCode(() => readFat(bytesSource(sample, { path: 'fat' })), FormatError, code)
    expect(error.at?.path).toBe('fat!Long name.conf')
  })

  it('refuses a short name that is that of another entry: firmware takes the first', async () => {
    const source = bytesSource(fatSample('BOOT       '), { path: 'fat' })
    const error = await expectCode(() => readFat(source), FormatError, 'MALFORMED')
    expect(error.message).toBe('fat: expected names, short ones too, that differ in more than case, got boot twice')
  })

  it('refuses a volume that is cut off', async () => {
    const source = bytesSource(fatSample().subarray(0, 4096), { path: 'fat' })
    const error = await expectCode(() => readFat(source), FormatError, 'TRUNCATED')
    expect(error.message).toBe('fat: expected a volume of 6656 bytes, got 4096')
  })
})

describeHostile('fat', { volume: () => fatSample() }, readWhole)
