import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removePassing } from '#harness/bytes/folder.ts'
import { digestOf } from '#harness/bytes/digest.ts'
import { createLayout, moveIntoPlace, writeChunks } from './layout.ts'
import { makeWorkFolder } from './work-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layout-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('createLayout', () => {
  it('names blobs by their digest and images by their tag', async () => {
    const layout = await createLayout(join(folder, 'one'))
    const blob = await layout.addBlob('x/y', [Buffer.from('ab'), Buffer.from('c')])
    expect(blob).toEqual({ mediaType: 'x/y', digest: digestOf(Buffer.from('abc')), size: 3 })
    await layout.addBlob('x/y', [Buffer.from('abc')])
    const manifest = await layout.addJson('x/json', { a: 1 })
    await layout.finish([{ tag: 'v1', manifest }], 'arm64')
    expect(await readdir(join(folder, 'one/blobs/sha256'))).toHaveLength(2)
    expect(JSON.parse(await readFile(join(folder, 'one/index.json'), 'utf8'))).toMatchObject({
      manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } }],
    })
  })

  it('stops between chunks', async () => {
    const abort = new AbortController()
    const chunks = function* (): Generator<Uint8Array> {
      yield Buffer.from('a')
      abort.abort(new Error('enough'))
      yield Buffer.from('b')
    }
    await expect(writeChunks(join(folder, 'chunks'), chunks(), abort.signal)).rejects.toThrow('enough')
  })
})

describe('moveIntoPlace', () => {
  const make = async (name: string): Promise<string> => {
    const layout = await createLayout(join(folder, name))
    await layout.addBlob('x', [Buffer.from(name)])
    await layout.finish([], 'arm64')
    return layout.folder
  }

  it('replaces a layout as a whole', async () => {
    const final = join(folder, 'final')
    await moveIntoPlace(await make('first'), final)
    await moveIntoPlace(await make('second'), final)
    expect(await readdir(join(final, 'blobs/sha256'))).toEqual([digestOf(Buffer.from('second')).slice(7)])
    expect((await readdir(folder)).filter((name) => name.includes('old') || name === 'second')).toEqual([])
  })

  it('takes nothing away that is no layout', async () => {
    const final = join(folder, 'home')
    await mkdir(final)
    await writeFile(join(final, 'thesis'), '')
    await expect(moveIntoPlace(await make('third'), final)).rejects.toMatchObject({ code: 'OUTPUT' })
    expect(await readdir(final)).toEqual(['thesis'])
  })
})

describe('makeWorkFolder', () => {
  it('is beside the output, takes away what killed builds left, and goes with the process', async () => {
    const output = join(folder, 'work/spin')
    const dead = join(folder, 'work/.spin.4194305-0a0b0c0d.partial')
    const other = join(folder, 'work/.spin.mine.partial')
    await mkdir(dead, { recursive: true })
    await mkdir(other)
    const [first, second] = [await makeWorkFolder(output), await makeWorkFolder(output)]
    const names = (await readdir(join(folder, 'work'))).map((name) => join(folder, 'work', name))
    expect(names.toSorted()).toEqual([first.path, second.path, other].toSorted())
    await first[Symbol.asyncDispose]()
    removePassing()
    expect(await readdir(join(folder, 'work'))).toEqual(['.spin.mine.partial'])
  })
})
