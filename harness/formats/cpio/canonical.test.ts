import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { DIRECTORY, sampleArchive, sampleEntry, TRAILER, type SampleEntry } from '../../testing/cpio-samples.ts'
import { readCpioArchive } from './cpio.ts'

/** As GNU cpio writes it: the samples have lower-case digits. */
const capitals = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').toUpperCase(), 'latin1')

async function deviations(bytes: Uint8Array): Promise<readonly string[]> {
  const archive = await readCpioArchive(bytesSource(bytes, { path: 'a.cpio' }), 0)
  return archive.deviations.map(({ path, what }) => `${path}: ${what}`)
}

function one(entry: SampleEntry): Buffer {
  return capitals(Buffer.concat([entry, TRAILER].map(sampleEntry)))
}

describe('an archive as GNU cpio writes it', () => {
  it('deviates nowhere, whatever its times and the links of its folders are', async () => {
    const archive = sampleArchive([
      { name: '.', mode: DIRECTORY, nlink: 7, mtime: 0x690c9627 },
      { name: 'A', ino: 1, data: 'A' },
      { name: 'B', ino: 2, mode: 0o120777, data: 'A' },
    ])
    expect(await deviations(capitals(archive))).toEqual([])
  })
})

describe('deviations', () => {
  it.for([
    ['an inode that is not the next', { ino: 4 }, 'c_ino: expected 00000000, got 00000004'],
    ['an owner', { uid: 3 }, 'c_uid: expected 00000000, got 00000003'],
    ['a group', { gid: 3 }, 'c_gid: expected 00000000, got 00000003'],
    ['two links of a file', { nlink: 2 }, 'c_nlink: expected 00000001, got 00000002'],
    ['a name with ./', { name: './A' }, 'c_namesize: expected 00000002, got 00000004'],
    ['a name with more NUL', { nameEnd: '\0\0', nameSize: 3 }, 'c_namesize: expected 00000002, got 00000003'],
  ] as const)('name %s', async ([, fields, what]) => {
    const name = 'name' in fields ? fields.name : 'A'
    expect(await deviations(one({ name, ...fields }))).toEqual([`${name}: ${what}`])
  })

  it('name lower-case digits', async () => {
    const archive = one({ name: 'A', mtime: 0xab })
    archive.write('ab', 52, 'latin1')
    expect(await deviations(archive)).toEqual(['A: c_mtime: expected 000000AB, got 000000ab'])
  })

  it('name bytes for padding behind a name and behind content', async () => {
    const behindName = one({ name: 'ABCD', data: 'abcd' })
    behindName[115] = 1
    expect(await deviations(behindName)).toEqual(['ABCD: name: expected "ABCD" and NUL, got other bytes'])
    const behindContent = one({ name: 'A', data: 'abc' })
    behindContent[115] = 1
    expect(await deviations(behindContent)).toEqual(['A: padding behind the content: expected NUL, got other bytes'])
  })

  it('stop after some dozens: an archive by another tool differs everywhere', async () => {
    const many = sampleArchive(Array.from({ length: 90 }, () => ({ name: 'A', uid: 7, ino: 9 })))
    expect(await deviations(many)).toHaveLength(64)
  })
})
