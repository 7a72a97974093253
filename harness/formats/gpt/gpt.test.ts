import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError, HarnessError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { gptSample } from '../../testing/media-samples.ts'
import { partitionSource, readGpt } from './gpt.ts'
import { findByteOutside } from './outside.ts'

const read = (bytes: Uint8Array) => readGpt(bytesSource(bytes, { path: 'disk' }))

describe('readGpt', () => {
  it('reads both tables and the protective MBR', async () => {
    const gpt = await read(gptSample())
    const { primary, backup, mbr, sectorSize, sectors } = gpt
    expect({ sectorSize, sectors }).toEqual({ sectorSize: 512, sectors: 80 })
    expect(mbr).toEqual({
      isWithoutCode: true,
      partitions: [{ type: 0xee, firstSector: 1, sectors: 79 }, undefined, undefined, undefined],
    })
    expect(primary).toMatchObject({
      headerHolds: true,
      entriesHold: true,
      disk: '22222222-2222-2222-2222-222222222222',
    })
    expect(primary.partitions).toEqual([
      {
        index: 0,
        name: 'EFI',
        type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
        guid: '11111111-1111-1111-1111-111111111111',
        firstSector: 40,
        lastSector: 43,
        attributes: 0n,
      },
    ])
    expect(backup).toMatchObject({ headerHolds: true, entriesHold: true, partitions: primary.partitions })
    const [partition] = primary.partitions
    const source = bytesSource(gptSample(), { path: 'disk' })
    expect(partition && partitionSource(source, gpt, partition).size).toBe(4 * 512)
  })

  it.each([
    ['the header', 512 + 40, { headerHolds: false, entriesHold: true }],
    ['the entries', 1024 + 128, { headerHolds: true, entriesHold: false }],
  ] as const)('tells a changed byte of %s', async (_, offset, expected) => {
    const bytes = Buffer.from(gptSample())
    bytes[offset] = 1
    expect((await read(bytes)).primary).toMatchObject(expected)
  })

  it('says why there is no backup', async () => {
    const { backup } = await read(gptSample().subarray(0, 60 * 512))
    expect(backup).toBeInstanceOf(HarnessError)
  })

  it('refuses a disk without a table', async () => {
    const error = await expectCode(() => read(new Uint8Array(80 * 512)), FormatError, 'BAD_MAGIC')
    expect(error.message).toContain('EFI PART')
  })
})

describe('findByteOutside', () => {
  const find = async (offset: number, from = 0) => {
    const bytes = Buffer.from(gptSample())
    bytes[offset] = 1
    const source = bytesSource(bytes, { path: 'disk' })
    return findByteOutside(source, await readGpt(source), from)
  }

  it.each([
    ['behind the header', 512 + 92],
    ['in an entry that is not in use', 1024 + 128 + 60],
    ['before the partitions', 40 * 512 - 1],
    ['behind them', 44 * 512],
    ['behind the backup header', 80 * 512 - 1],
  ])('finds one %s', async (_, offset) => {
    await expect(find(offset)).resolves.toBe(offset)
  })

  it.each([
    ['of the program in the MBR', 100, 0],
    ['of a partition', 40 * 512, 0],
    ['of the last partition', 44 * 512 - 1, 0],
    ['before the offset to begin at', 39 * 512, 40 * 512],
  ])('passes one %s', async (_, offset, from) => {
    await expect(find(offset, from)).resolves.toBeUndefined()
  })
})

describeHostile('gpt', { disk: gptSample }, async (source) => {
  const gpt = await readGpt(source)
  for (const partition of gpt.primary.partitions) partitionSource(source, gpt, partition)
  await findByteOutside(source, gpt)
})
