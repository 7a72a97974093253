import { tmpdir } from 'node:os'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesSource } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { FormatError } from '../../errors.ts'
import { DIRECTORY, sampleArchive } from '../../testing/cpio-samples.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { toBootArchive, type BootArchive } from './archive.ts'
import { readInitramfs, type InitramfsSegment } from './initramfs.ts'

const where = { path: 'initramfs.xz' }

async function boot(...parts: Uint8Array[]): Promise<BootArchive> {
  const spool = new Spool(tmpdir())
  return toBootArchive(await readInitramfs(bytesSource(Buffer.concat(parts), where), spool))
}
const newc = (files: Record<string, string>): Buffer =>
  sampleArchive(Object.entries(files).map(([name, data]) => ({ name, data })))
const indexes = (segments: readonly InitramfsSegment[]): number[] => segments.map(({ index }) => index)

const microcode = sampleArchive([
  { name: 'kernel', mode: DIRECTORY },
  { name: 'kernel/x86/microcode.bin', data: 'x' },
])
const base = zstdCompressSync(newc({ init: 'init', 'rootfs.sqsh': 'rootfs' }))
const extensions = zstdCompressSync(newc({ 'extensions.yaml': 'one', '0.sqsh': 'zero' }))

describe('toBootArchive', () => {
  it('distinguishes early archive, base and extensions', async () => {
    const archive = await boot(microcode, base, extensions, extensions)
    expect(indexes(archive.early)).toEqual([0])
    expect(archive.base?.index).toBe(1)
    expect(archive.baseEnd).toBe(microcode.length + base.length)
    expect(indexes(archive.extensions)).toEqual([2, 3])
    expect(archive.unknown).toEqual([])
  })

  it('takes a base alone, also one that is stored as it is or has no init', async () => {
    expect(await boot(base)).toMatchObject({ early: [], extensions: [], unknown: [], baseEnd: base.length })
    expect((await boot(newc({ 'rootfs.sqsh': '' }))).base?.compression).toBe('none')
  })

  it('calls early only what is stored as it is, holds kernel/ and comes before the base', async () => {
    const archive = await boot(
      newc({ kernel: 'a file' }),
      zstdCompressSync(microcode),
      base,
      zstdCompressSync(microcode),
    )
    expect(archive.early).toEqual([])
    expect(indexes(archive.unknown)).toEqual([0, 1])
    expect(archive.base?.index).toBe(2)
  })

  it('has no base where none is, and then no extensions', async () => {
    const archive = await boot(microcode, extensions)
    expect(archive).not.toHaveProperty('base')
    expect(archive).not.toHaveProperty('baseEnd')
    expect([archive.early, archive.extensions, archive.unknown].map(indexes)).toEqual([[0], [], [1]])
  })

  it('merges all segments, the later over the earlier', async () => {
    const archive = await boot(microcode, base, extensions, zstdCompressSync(newc({ init: 'replaced', '1.sqsh': '' })))
    const tree = await archive.tree()
    expect([...tree.entries()].map(({ path, size }) => [path, size])).toEqual([
      ['kernel', 0],
      ['kernel/x86/microcode.bin', 1],
      ['init', 8],
      ['rootfs.sqsh', 6],
      ['extensions.yaml', 3],
      ['0.sqsh', 4],
      ['1.sqsh', 0],
    ])
    expect(tree.where).toEqual(where)
  })

  it('does not unpack what follows the base until its tree is asked for', async () => {
    const archive = await boot(base, zstdCompressSync(Buffer.from('junk')))
    expect(indexes(archive.extensions)).toEqual([1])
    await expectCode(() => archive.tree(), FormatError, 'BAD_MAGIC')
  })

  it('rejects where the base cannot be looked for', async () => {
    const error = await expectCode(() => boot(Buffer.from('fd377a585a00', 'hex')), FormatError, 'UNSUPPORTED')
    expect(error.message).toContain('xz')
  })
})
