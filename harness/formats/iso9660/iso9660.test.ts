import { describe, expect, it } from 'vitest'
import { bytesSource, readAll, type ByteSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { isoSample } from '../../testing/media-samples.ts'
import { readIso } from './iso9660.ts'

const source = (bytes: Uint8Array) => bytesSource(bytes, { path: 'iso' })

async function readWhole(iso: ByteSource): Promise<unknown> {
  const tree = await (await readIso(iso)).tree()
  for (const { data } of tree.entries()) if (data !== undefined) await readAll(data, 1 << 20)
  return tree
}

describe('readIso', () => {
  it('reads names by Rock Ridge, and the catalogue', async () => {
    const { volumeId, volumeSetId, tree, bootEntries } = await readIso(source(isoSample()))
    expect({ volumeId, volumeSetId }).toEqual({ volumeId: 'VOLUME', volumeSetId: 'Set' })
    expect(bootEntries).toEqual([{ platform: 0xef, isBootable: true, emulation: 0, sector: 21 }])
    const entries = [...(await tree()).entries()]
    expect(entries.map(({ path, size, mtime }) => [path, size, mtime])).toEqual([
      ['Name.conf', 5, Date.UTC(2026, 10, 26) / 1000],
    ])
  })

  it('refuses a directory that is one above it', async () => {
    const bytes = Buffer.from(isoSample())
    const record = bytes.indexOf('NAME.CON;1') - 33
    bytes.writeUInt32LE(20, record + 2)
    bytes.writeUInt32LE(2048, record + 10)
    bytes[record + 25] = 2
    const { tree } = await readIso(source(bytes))
    const error = await expectCode(tree, FormatError, 'MALFORMED')
    expect(error.message).toContain('expected a directory of its own')
  })

  it('refuses a record that continues in itself', async () => {
    const bytes = Buffer.from(isoSample())
    const record = bytes.indexOf('NAME.CON;1') - 33
    const area = bytes.indexOf('NM', record)
    const size = 28
    bytes[record] = area - record + size
    bytes.write('CE\u001c\u0001', area, 'latin1')
    for (const [field, value] of [20, area - 20 * 2048, size].entries())
      bytes.writeUInt32LE(value, area + 4 + field * 8)
    const { tree } = await readIso(source(bytes))
    const error = await expectCode(tree, FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toContain('continuations of a record')
  })

  it('refuses a name that is there twice', async () => {
    const bytes = Buffer.from(isoSample())
    const record = bytes.indexOf('NAME.CON;1') - 33
    const length = bytes[record] ?? 0
    bytes.copy(bytes, record + length, record, record + length)
    const { tree } = await readIso(source(bytes))
    const error = await expectCode(tree, FormatError, 'MALFORMED')
    expect(error.message).toContain('expected each name once')
    expect(error.at?.path).toBe('iso!Name.conf')
  })

  it('refuses directories that are too large together', async () => {
    const count = 40
    const bytes = Buffer.concat([isoSample(), Buffer.alloc((512 + count) * 2048)])
    const record = bytes.indexOf('NAME.CON;1') - 33
    const length = bytes[record] ?? 0
    const one = Buffer.from(bytes.subarray(record, record + length))
    for (let at = 0; at < count; at++) {
      one.writeUInt32LE(22 + at, 2)
      one.writeUInt32LE(1 << 20, 10)
      one[25] = 2
      one[one.length - 1] = 0x41 + at
      bytes.set(one, record + at * length)
    }
    const { tree } = await readIso(source(bytes))
    const error = await expectCode(tree, FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toContain('bytes of directories')
  })

  it('refuses what is no ISO', async () => {
    const error = await expectCode(() => readIso(source(new Uint8Array(40 * 2048))), FormatError, 'BAD_MAGIC')
    expect(error.message).toContain('expected CD001')
  })
})

describeHostile('iso9660', { volume: isoSample }, readWhole)
