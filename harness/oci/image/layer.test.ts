import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { Budget, BUDGET } from '../../budget.ts'
import { digestOf } from '../../bytes/digest.ts'
import { bytesSource, readAll, type ByteSource } from '../../bytes/source.ts'
import { MEMORY_LIMIT, Spool } from '../../bytes/spool.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { tarOf } from '../../testing/oci-samples.ts'
import { readLayer, type LayerContent } from './layer.ts'

const spool = new Spool(tmpdir())
afterAll(() => spool.close())

const TAR = tarOf([
  { name: 'usr/', type: '5', mode: 0o755 },
  { name: 'usr/install/arm64/vmlinuz.efi', content: 'a kernel', mode: 0, mtime: -62_135_596_800 },
  { name: 'usr/.wh.old' },
])
const WHERE = { path: 'layer', digest: 'sha256:claimed' }
const read = (bytes: Uint8Array): Promise<LayerContent> => readLayer(bytesSource(bytes, WHERE), { spool })

describe('readLayer', () => {
  it.for([
    ['gzip', gzipSync(TAR)],
    ['zstd', zstdCompressSync(TAR)],
    ['none', TAR],
  ] as const)('gives digests, sizes and entries of a layer with compression %s', async ([compression, bytes]) => {
    const content = await read(bytes)
    expect(content).toMatchObject({
      compression,
      computed: { digest: digestOf(bytes), size: bytes.length },
      diffId: digestOf(TAR),
      tar: { size: TAR.length },
      ended: true,
      trailing: false,
    })
    expect(content.entries.map(({ path }) => path)).toEqual(['usr', 'usr/install/arm64/vmlinuz.efi', 'usr/.wh.old'])
    const kernel = content.tree.get('usr/install/arm64/vmlinuz.efi')
    expect(kernel).toMatchObject({ mode: 0, mtime: -62_135_596_800, origin: { digest: WHERE.digest, offset: 512 } })
    expect(kernel?.origin.path).toBe(compression === 'none' ? 'layer' : 'layer!tar')
    expect(kernel?.data && Buffer.from(await readAll(kernel.data, 100)).toString()).toBe('a kernel')
  })

  it('measures by the algorithm that is claimed', async () => {
    for (const bytes of [gzipSync(TAR), zstdCompressSync(TAR), TAR]) {
      const { computed } = await readLayer(bytesSource(bytes, WHERE), { spool, algorithm: 'sha512' })
      expect(computed).toEqual({ digest: digestOf(bytes, 'sha512'), size: bytes.length })
    }
  })

  it('counts what follows the end of the tar into its digest', async () => {
    const tar = Buffer.concat([TAR, Buffer.alloc(10_000), Buffer.from('more')])
    expect(await read(gzipSync(tar))).toMatchObject({
      diffId: digestOf(tar),
      tar: { size: tar.length },
      trailing: true,
    })
  })

  it('reads content from a spooled file as from memory', async () => {
    const content = randomBytes(2 * MEMORY_LIMIT)
    const { tree } = await read(gzipSync(tarOf([{ name: 'big', content }])))
    const data = tree.get('big')?.data
    expect(data && digestOf(await readAll(data, content.length))).toBe(digestOf(content))
  })

  it('takes a layer without anything', async () => {
    expect(await read(Buffer.alloc(0))).toMatchObject({ entries: [], ended: false, computed: { size: 0 } })
    expect(await read(gzipSync(Buffer.alloc(1024)))).toMatchObject({ entries: [], ended: true })
  })

  it.for([
    ['gzip', gzipSync(TAR)],
    ['zstd', zstdCompressSync(TAR)],
    ['none', TAR],
  ] as const)('stops at the limit of a layer with compression %s', async ([, bytes]) => {
    const options = { spool, maxBytes: TAR.length - 1 }
    const error = await expectCode(() => readLayer(bytesSource(bytes, WHERE), options), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toMatchObject({ path: expect.stringMatching(/^layer/) })
    expect(await readLayer(bytesSource(bytes, WHERE), { spool, maxBytes: TAR.length })).toMatchObject({ ended: true })
  })

  it.for([
    ['xz', Buffer.from('fd377a585a000004', 'hex'), 'UNSUPPORTED'],
    ['half a gzip', gzipSync(tarOf([{ name: 'x', content: randomBytes(4096) }])).subarray(0, 2000), 'TRUNCATED'],
    ['half a tar', gzipSync(TAR.subarray(0, 700)), 'TRUNCATED'],
    ['text', gzipSync(Buffer.alloc(2048, 'no tar ')), 'BAD_MAGIC'],
    ['a tar with junk inside', gzipSync(Buffer.concat([TAR.subarray(0, 512), Buffer.alloc(512, 1)])), 'MALFORMED'],
  ] as const)('refuses %s', async ([, bytes, code]) => {
    const error = await expectCode(() => read(bytes), FormatError, code)
    expect(error.at).toMatchObject({ path: expect.stringMatching(/^layer/), digest: WHERE.digest })
  })
})

describe('the budget of an image', () => {
  const over = (bytes: number): Budget => new Budget({ ...BUDGET, bytes })

  it('counts what an entry says that it has before any of it comes', async () => {
    const [header] = [tarOf([{ name: 'big', content: Buffer.alloc(4096) }]).subarray(0, 512)]
    const layer = bytesSource(gzipSync(header), WHERE)
    await expectCode(() => readLayer(layer, { spool }), FormatError, 'TRUNCATED')
    await expectCode(() => readLayer(layer, { spool, budget: over(4608) }), FormatError, 'TRUNCATED')
    const error = await expectCode(() => readLayer(layer, { spool, budget: over(4607) }), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toMatch('at most 4607 unpacked bytes')
  })

  it('lets no further layer be decompressed once it is over-run', async () => {
    const budget = over(TAR.length - 1)
    const plain = bytesSource(gzipSync(TAR), WHERE)
    let chunks = 0
    const watched: ByteSource = {
      ...plain,
      async *stream(...range) {
        for await (const chunk of plain.stream(...range)) {
          chunks++
          yield chunk
        }
      },
    }
    for (const _ of [1, 2]) await expectCode(() => readLayer(watched, { spool, budget }), FormatError, 'LIMIT_EXCEEDED')
    expect(chunks).toBe(1)
  })
})

const readDeep = async (source: ByteSource): Promise<void> => {
  const { entries } = await readLayer(source, { spool })
  for (const { data } of entries) if (data !== undefined) await readAll(data, 1 << 20)
}
describeHostile('layer', { gzip: () => gzipSync(TAR), zstd: () => zstdCompressSync(TAR), tar: () => TAR }, readDeep)
