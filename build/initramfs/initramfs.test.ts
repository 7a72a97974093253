import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesSource } from '#harness/bytes/source.ts'
import { initramfsChunks, layerOrder, toCpio, type LayerFile } from './initramfs.ts'

const metadata = { name: 'a', version: '1', author: '', description: '', compatibility: { talos: { version: '' } } }
const layer = (image: string): LayerFile => ({ image, metadata, data: Buffer.from(image) })

describe('layerOrder', () => {
  it('sorts numbers as text, as imager lists its folders', () => {
    expect(layerOrder(12).map(({ index }) => index)).toEqual([0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(layerOrder(2)).toEqual([
      { index: 0, image: '0.sqsh' },
      { index: 1, image: '1.sqsh' },
    ])
    expect(layerOrder(0)).toEqual([])
  })
})

describe('toCpio', () => {
  it('lists folders as a walk does, firmware with its parents', () => {
    const firmware = [
      { path: 'usr/lib/firmware/a-b', mode: 0o644, data: bytesSource(Buffer.from('x')) },
      { path: 'usr/lib/firmware', mode: 0o755 },
      { path: 'usr/lib/firmware/a/z', mode: 0o600, data: bytesSource(Buffer.from('y')) },
      { path: 'usr/lib/firmware/a', mode: 0o750 },
    ]
    const files = toCpio([layer('10.sqsh'), layer('2.sqsh'), layer('modules.dep.sqsh')], firmware, 5)
    expect(files.map(({ path, mode }) => `${mode.toString(8)} ${path}`)).toEqual([
      '100644 10.sqsh',
      '100644 2.sqsh',
      '100644 extensions.yaml',
      '100644 modules.dep.sqsh',
      '40755 usr',
      '40755 usr/lib',
      '40755 usr/lib/firmware',
      '40750 usr/lib/firmware/a',
      '100600 usr/lib/firmware/a/z',
      '100644 usr/lib/firmware/a-b',
    ])
    expect(files.every(({ uid, gid, mtime }) => uid === 0 && gid === 0 && mtime === 5)).toBe(true)
  })

  it('has no folders without firmware', () => {
    expect(toCpio([layer('0.sqsh')], [], 0).map(({ path }) => path)).toEqual(['0.sqsh', 'extensions.yaml'])
  })
})

describe('initramfsChunks', () => {
  const base = bytesSource(Buffer.from('base'))

  it('is the base alone without extensions', async () => {
    expect((await buffer(initramfsChunks(base, [], [], 0))).toString()).toBe('base')
  })

  it('appends one frame behind the base', async () => {
    const bytes = await buffer(initramfsChunks(base, [layer('0.sqsh')], [], 0))
    expect(bytes.subarray(0, 4).toString()).toBe('base')
    expect(zstdDecompressSync(bytes.subarray(4)).subarray(0, 6).toString()).toBe('070701')
  })
})
