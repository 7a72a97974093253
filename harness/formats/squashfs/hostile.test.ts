import { expect } from 'vitest'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { describeHostile } from '../../testing/hostile.ts'
import { makeSquashfs, type SampleNode, type SampleOptions } from '../../testing/squashfs-samples.ts'
import { openSquashfs } from './reader.ts'

const label = [{ prefix: 2, name: 'selinux', value: Buffer.from('system_u:object_r:bin_t:s0\0') }]
const far = [{ prefix: 1, name: 'far', value: Buffer.alloc(5000, 'v'), outOfLine: true }]
const text = Buffer.alloc(3 * 4096 + 9, 'text ')
const nodes: SampleNode[] = [
  { type: 'block', name: 'b', device: 0x801 },
  {
    type: 'directory',
    name: 'd',
    xattrs: label,
    children: Array.from({ length: 300 }, (_, at) => ({ type: 'fifo', name: `p${at}` })),
  },
  { type: 'directory', name: 'e', children: [{ type: 'link', name: 'again', to: 'd/p7' }] },
  { type: 'file', name: 'full', content: text, xattrs: far },
  { type: 'file', name: 'small', content: Buffer.from('small'), tailInFragment: true },
  { type: 'file', name: 'sparse', content: Buffer.alloc(3 * 4096), extended: true },
  { type: 'file', name: 'tail', content: text, tailInFragment: true },
  { type: 'socket', name: 's', extended: true },
  { type: 'symlink', name: 'y', target: 'd/p1', xattrs: [...label, ...far] },
]
const sample = (options: SampleOptions) => (): Buffer => makeSquashfs(nodes, options).bytes
/** More of a file than this is not read: its size may be anything. */
const ENOUGH = 1 << 21

describeHostile(
  'squashfs',
  {
    'stored.sqsh': sample({}),
    'gzip.sqsh': sample({ compressor: 1, encode: (bytes) => deflateSync(bytes) }),
    'zstd.sqsh': sample({ compressor: 6, encode: (bytes) => zstdCompressSync(bytes) }),
  },
  async (source) => {
    const squashfs = await openSquashfs(source)
    for (const { data } of await squashfs.entries()) {
      if (data === undefined) continue
      const size = Math.min(data.size, ENOUGH)
      for await (const chunk of data.stream(0, size)) expect(chunk.length).toBeGreaterThan(0)
      expect(await data.read(0, size)).toHaveLength(size)
    }
    await squashfs.tree()
  },
)
