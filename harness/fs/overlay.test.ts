import { describe, expect, it } from 'vitest'
import { bytesSource, readAll } from '../bytes/source.ts'
import { digestOf } from '../bytes/digest.ts'
import { tarOf, type SampleEntry } from '../testing/oci-samples.ts'
import type { FileTree } from './file-tree.ts'
import { mergeLayers } from './overlay.ts'
import { readTarIndex } from './tar-index.ts'
import { cpuMs } from '../testing/cpu-time.ts'

/** One letter per layer, lowest first; a name ending in a slash is a folder, `a=b` a hard link, `a->b` a symbolic one. */
async function merge(...layers: readonly (readonly string[])[]): Promise<FileTree> {
  const indexes = layers.map(async (names, level) => {
    const tar = tarOf(names.map((name) => toEntry(name, level)))
    return readTarIndex(bytesSource(tar, { path: `layer ${level}`, digest: digestOf(tar) }))
  })
  return mergeLayers(await Promise.all(indexes), { path: 'image' })
}

function toEntry(spec: string, level: number): SampleEntry {
  const [name = '', symbolic] = spec.split('->')
  if (symbolic !== undefined) return { name, type: '2', target: symbolic }
  const [link = '', hard] = spec.split('=')
  if (hard !== undefined) return { name: link, type: '1', target: hard }
  return name.endsWith('/') ? { name, type: '5' } : { name, content: `${name} of ${level}` }
}

const paths = (tree: FileTree): string[] => [...tree.entries()].map(({ path }) => path)

async function text(tree: FileTree, path: string): Promise<string | undefined> {
  const data = tree.get(path)?.data
  return data && Buffer.from(await readAll(data, 100)).toString()
}

describe('mergeLayers', () => {
  it('has every file of every layer, the lowest first', async () => {
    const tree = await merge(['usr/', 'usr/a'], ['usr/', 'usr/b'], ['c'])
    expect(paths(tree)).toEqual(['usr/a', 'usr', 'usr/b', 'c'])
    expect(tree.where).toEqual({ path: 'image' })
  })

  it('takes a file from the highest layer that has it, and says which', async () => {
    const tree = await merge(['a', 'b'], ['a'])
    expect(await text(tree, 'a')).toBe('a of 1')
    expect(tree.get('a')?.origin).toMatchObject({ path: 'layer 1', digest: expect.stringMatching(/^sha256:/) })
    expect(tree.get('b')?.origin).toMatchObject({ path: 'layer 0' })
  })

  it('takes the last of two entries of one layer', async () => {
    const tar = tarOf([
      { name: 'a', content: '1' },
      { name: 'a', content: '2' },
    ])
    const tree = mergeLayers([await readTarIndex(bytesSource(tar))], {})
    expect(await text(tree, 'a')).toBe('2')
  })

  it.for([
    ['a file', [['a', 'b'], ['.wh.a']], ['b']],
    ['a folder with all below it', [['d/', 'd/a', 'd/e/', 'd/e/f', 'da'], ['.wh.d']], ['da']],
    ['a file in a folder', [['d/a', 'd/b'], ['d/.wh.a']], ['d/b']],
    ['only what is below the layer', [['a'], ['.wh.a', 'a']], ['a']],
    ['nothing of the layers above', [['a'], ['.wh.a'], ['a']], ['a']],
    ['nothing when it names nothing', [['a'], ['.wh.b']], ['a']],
    [
      'what a folder of the same name held',
      [
        ['d/', 'd/old'],
        ['.wh.d', 'd/', 'd/new'],
      ],
      ['d', 'd/new'],
    ],
    ['across more than one layer', [['a'], ['b'], ['.wh.a']], ['b']],
  ] as const)('lets a whiteout hide %s', async ([, layers, expected]) => {
    expect(paths(await merge(...layers))).toEqual(expected)
  })

  it.for([
    [
      'a folder',
      [
        ['d/', 'd/a', 'd/e/f', 'x'],
        ['d/', 'd/.wh..wh..opq', 'd/b'],
      ],
      ['x', 'd', 'd/b'],
    ],
    ['a folder that stays as it was', [['d/', 'd/a'], ['d/.wh..wh..opq']], ['d']],
    [
      'the root',
      [
        ['a', 'd/b'],
        ['.wh..wh..opq', 'c'],
      ],
      ['c'],
    ],
    ['nothing of its own layer that came before', [['d/a'], ['d/b', 'd/.wh..wh..opq']], ['d/b']],
  ] as const)('lets an opaque whiteout empty %s', async ([, layers, expected]) => {
    expect(paths(await merge(...layers))).toEqual(expected)
  })

  it.for(['.wh.', '.wh..', '.wh...', '.wh..wh.aufs', '.wh..wh.plnk'])('neither shows nor obeys %s', async (name) => {
    expect(paths(await merge(['d/', 'd/a', 'wh.aufs'], [`d/${name}`]))).toEqual(['d', 'd/a', 'wh.aufs'])
  })

  it('hides what was below a path that is no folder any more', async () => {
    expect(paths(await merge(['d/', 'd/a'], ['d']))).toEqual(['d'])
    expect(paths(await merge(['d/', 'd/a'], ['d->e']))).toEqual(['d'])
    expect(paths(await merge(['d/', 'd/a'], ['d'], ['d/']))).toEqual(['d'])
    expect(paths(await merge(['d'], ['d/', 'd/a']))).toEqual(['d', 'd/a'])
  })

  it('makes a hard link the file that it names, also in a lower layer', async () => {
    const tree = await merge(['a', 'same=a'], ['other=a', 'chain=other'])
    expect([await text(tree, 'same'), await text(tree, 'other'), await text(tree, 'chain')]).toEqual([
      'a of 0',
      'a of 0',
      'a of 0',
    ])
    expect(tree.get('other')).toMatchObject({ type: 'file', origin: { path: 'layer 1' } })
    expect(tree.get('other')).not.toHaveProperty('target')
  })

  it('keeps what a hard link names though the name itself goes on to other bytes or away', async () => {
    const tree = await merge(['a'], ['link=a'], ['a'])
    expect([await text(tree, 'link'), await text(tree, 'a')]).toEqual(['a of 0', 'a of 2'])
    expect(await text(await merge(['a'], ['link=a'], ['.wh.a']), 'link')).toBe('a of 0')
  })

  it('leaves a hard link that names nothing, a folder or itself as it is', async () => {
    const tree = await merge(['gone', 'd/', 'd/x'], ['.wh.gone', 'l=gone', 'm=d', 'n=n', 'o=p', 'p=o'])
    for (const path of ['l', 'm', 'n', 'o', 'p']) expect(tree.get(path), path).toMatchObject({ type: 'hardlink' })
  })

  it('is quick about many whiteouts over many files', async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `d/${index}`)
    const started = cpuMs()
    const tree = await merge(
      names,
      names.map((name) => name.replace('d/', 'd/.wh.')),
    )
    expect(paths(tree)).toEqual([])
    expect(cpuMs() - started).toBeLessThan(5000)
  })
})
