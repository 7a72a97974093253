import { buffer } from 'node:stream/consumers'
import { extract, type Header } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { encodeTar, type TarFile } from './tar-layer.ts'

const file = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const

describe('encodeTar', () => {
  it('writes a ustar header of 512 bytes', () => {
    const bytes = Buffer.from(encodeTar([{ ...file, name: 'a/b', mtime: 0o17, data: Buffer.from('xyz') }]))
    expect(bytes).toHaveLength(4 * 512)
    expect(bytes.toString('latin1', 0, 4)).toBe('a/b\0')
    expect(bytes.toString('latin1', 100, 157)).toBe(
      ['0000644', '0000000', '0000000', '00000000003', '00000000017', '007572', ' 0'].join('\0'),
    )
    expect(bytes.toString('latin1', 257, 265)).toBe('ustar\x0000')
    expect(bytes.toString('latin1', 512, 516)).toBe('xyz\0')
  })

  it.for<readonly [string, TarFile]>([
    ['file', { ...file, name: 'a', data: Buffer.from('x'.repeat(513)) }],
    ['directory', { ...file, name: 'tmp/', type: 'directory', mode: 0o1777 }],
    ['link', { ...file, name: 'b', type: 'hardlink', linkName: 'a' }],
    ['symlink', { ...file, name: 'c', type: 'symlink', linkName: '../a' }],
    ['character-device', { ...file, name: 'dev/kmsg', type: 'character', devMajor: 1, devMinor: 11 }],
    ['fifo', { ...file, name: 'f', type: 'fifo', uid: 50, gid: 60 }],
  ])('writes a %s', async ([type, entry]) => {
    const [read] = await readTar(encodeTar([entry]))
    const { name, mode, uid, gid } = entry
    expect(read?.header).toMatchObject({ name, type, mode, uid, gid, pax: null })
    expect(read?.header.linkname ?? undefined).toBe(entry.linkName)
    expect([read?.header.devmajor, read?.header.devminor]).toEqual([entry.devMajor ?? 0, entry.devMinor ?? 0])
    expect(read?.data).toEqual(entry.data ?? Buffer.alloc(0))
  })

  it('keeps order, duplicates and names that leave the root', async () => {
    const names = ['b', 'a', '../x', '/etc/passwd', 'a', './a']
    const read = await readTar(encodeTar(names.map((name) => ({ ...file, name }))))
    expect(read.map(({ header }) => header.name)).toEqual(names)
  })

  it.for<readonly [string, boolean]>([
    ['n'.repeat(100), false],
    ['n'.repeat(101), true],
    [`${'d'.repeat(155)}/${'n'.repeat(100)}`, false],
    [`${'d'.repeat(156)}/${'n'.repeat(100)}`, true],
    [`${'d'.repeat(155)}/${'n'.repeat(101)}`, true],
    [`${'d/'.repeat(60)}`, false],
    [`${'d'.repeat(120)}/`, true],
    [`/${'n'.repeat(100)}`, true],
    ['größe', true],
  ])('writes the name %s, with PAX: %s', async ([name, withPax]) => {
    const [read] = await readTar(encodeTar([{ ...file, name }]))
    expect([read?.header.name, read?.header.pax !== null]).toEqual([name, withPax])
  })

  it.for<readonly [string, Partial<TarFile>]>([
    ['uid', { uid: 8 ** 7 }],
    ['gid', { gid: 8 ** 7 }],
    ['mtime', { mtime: -1 }],
    ['mtime', { mtime: 8 ** 11 }],
    ['linkpath', { type: 'symlink', linkName: 'x'.repeat(101) }],
  ])('writes a PAX record for a %s that does not fit', async ([key, fields]) => {
    const [read] = await readTar(encodeTar([{ ...file, name: 'a', ...fields }]))
    const value = fields.linkName ?? Object.values(fields)[0]
    expect(read?.header.pax).toEqual({ [key]: String(value) })
  })

  it('counts the digits of a record that make it longer', async () => {
    for (const length of [101, 980, 981, 982, 983, 984, 985, 986, 987, 988, 989, 990]) {
      const [read] = await readTar(encodeTar([{ ...file, name: 'n'.repeat(length) }]))
      expect(read?.header.name).toHaveLength(length)
    }
  })
})

async function readTar(tar: Uint8Array): Promise<readonly { readonly header: Header; readonly data: Buffer }[]> {
  const archive = extract()
  archive.end(tar)
  const entries: { header: Header; data: Buffer }[] = []
  for await (const entry of archive) entries.push({ header: entry.header, data: await buffer(entry) })
  return entries
}
