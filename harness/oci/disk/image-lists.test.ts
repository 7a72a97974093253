import { describe, expect, it } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { bytesSource } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import * as samples from '../../testing/oci-samples.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../image/media-types.ts'
import { readArchive } from './archive.ts'
import { checkImageLists } from './image-lists.ts'
import { archiveStore } from './store-archive.ts'
import { dockerStore } from './store-docker.ts'

const one = samples.imageOf([samples.tarOf([{ name: 'a' }])])
const two = samples.imageOf([samples.tarOf([{ name: 'b' }])])
const three = samples.imageOf([samples.tarOf([{ name: 'c' }])])
type Image = typeof one
const entry = (image: Image, name?: string): object =>
  samples.manifestDescriptor(image, name === undefined ? {} : { annotations: { 'io.containerd.image.name': name } })
const platform = (architecture: string): object => ({ platform: { os: 'linux', architecture } })

/** The files of an archive as docker save of v25 makes it, with what both lists say. */
function filesOf(saved: readonly Image[], index: Uint8Array, tags: readonly string[] = []): Map<string, Uint8Array> {
  const files = samples.layoutFiles(index, [...one.blobs, ...two.blobs])
  const list = saved.map((image, at) => ({
    Config: `blobs/sha256/${digestOf(image.config).slice('sha256:'.length)}`,
    RepoTags: tags[at] === undefined ? null : [tags[at]],
    Layers: image.layers.map((layer) => `blobs/sha256/${digestOf(layer).slice('sha256:'.length)}`),
  }))
  return files.set('manifest.json', samples.json(list))
}

const check = (files: ReadonlyMap<string, Uint8Array>): Promise<void> =>
  checkImageLists(
    async (path) => {
      const bytes = files.get(path)
      return bytes && bytesSource(bytes, { path })
    },
    { path: 'x' },
  )

const expectCodeIn = (files: ReadonlyMap<string, Uint8Array>): Promise<FormatError> =>
  expectCode(() => check(files), FormatError, 'MALFORMED')

describe('checkImageLists', () => {
  it('takes lists that name the same images, and one list alone', async () => {
    await expect(check(filesOf([one], samples.indexOf([entry(one)])))).resolves.toBeUndefined()
    await expect(
      check(filesOf([one, two], samples.indexOf([entry(two, 'x:2'), entry(one, 'x:1')]), ['x:1', 'x:2'])),
    ).resolves.toBeUndefined()
    const without = (name: string): Map<string, Uint8Array> => {
      const files = filesOf([two], samples.indexOf([entry(one)]))
      files.delete(name)
      return files
    }
    for (const name of ['manifest.json', 'index.json', 'oci-layout'])
      await expect(check(without(name))).resolves.toBeUndefined()
  })

  it('takes an index of platforms of which one was saved', async () => {
    const platforms = samples.indexOf([
      samples.manifestDescriptor(one, platform('arm64')),
      samples.manifestDescriptor(three, platform('amd64')),
    ])
    const files = filesOf([one], samples.indexOf([samples.descriptorOf(platforms, OCI_INDEX)]))
    await expect(
      check(files.set(`blobs/sha256/${digestOf(platforms).slice('sha256:'.length)}`, platforms)),
    ).resolves.toBeUndefined()
  })

  it('takes a manifest without layers, as docker save of v25 wrote', async () => {
    const manifest = samples.json({ schemaVersion: 2, config: samples.descriptorOf(one.config, 'x'), layers: null })
    const files = filesOf([one], samples.indexOf([samples.descriptorOf(manifest, OCI_MANIFEST)]))
    await expect(
      check(files.set(`blobs/sha256/${digestOf(manifest).slice('sha256:'.length)}`, manifest)),
    ).resolves.toBeUndefined()
  })

  it('refuses another image, one more and one less', async () => {
    const error = await expectCodeIn(filesOf([two], samples.indexOf([entry(one)])))
    expect(error.message).toContain('docker load')
    expect(error.message).toContain(digestOf(two.config).slice('sha256:'.length))
    await expectCodeIn(filesOf([one, two], samples.indexOf([entry(one)])))
    await expectCodeIn(filesOf([one], samples.indexOf([entry(one), entry(two)])))
    await expectCodeIn(filesOf([], samples.indexOf([entry(one)])))
    await expectCodeIn(filesOf([three], samples.indexOf([entry(one)])))
  })

  it('refuses the same images with names exchanged', async () => {
    const files = filesOf([one, two], samples.indexOf([entry(one, 'x:2'), entry(two, 'x:1')]), ['x:1', 'x:2'])
    expect((await expectCodeIn(files)).message).toMatch(/as x:[12] in index\.json/)
  })

  it('counts a config by its bytes, whatever it is called', async () => {
    const files = filesOf([one], samples.indexOf([entry(one)]))
    await expectCodeIn(files.set('manifest.json', samples.json([{ Config: 'oci-layout', Layers: [] }])))
    files.set('c.json', one.config).set('manifest.json', samples.json([{ Config: 'c.json', Layers: [] }]))
    await expect(check(files)).resolves.toBeUndefined()
  })

  it('reads no more than 256 of each', async () => {
    expect.hasAssertions()
    const many = Array.from({ length: 257 }, () => one)
    await expectCode(() => check(filesOf(many, samples.indexOf([entry(one)]))), FormatError, 'LIMIT_EXCEEDED')
    const index = samples.indexOf(many.map((image) => entry(image)))
    await expectCode(() => check(filesOf([one], index)), FormatError, 'LIMIT_EXCEEDED')
  })

  it('is asked for archives of both kinds', async () => {
    expect.hasAssertions()
    const tar = samples.tarOfFiles(filesOf([two], samples.indexOf([entry(one)])))
    const tree = await readArchive(bytesSource(tar, { path: 'x.tar' }), 'archive')
    const stores = [
      dockerStore({ kind: 'docker-archive', path: 'x.tar' }, tree),
      archiveStore({ kind: 'oci-archive', path: 'x.tar' }, tree),
    ]
    for (const store of stores) await expectCode(() => store.resolve(), FormatError, 'MALFORMED')
  })
})

describeHostile(
  'image lists',
  { archive: () => samples.tarOfFiles(filesOf([one], samples.indexOf([entry(one)]))) },
  async (source) => {
    const tree = await readArchive(source, 'archive')
    await checkImageLists(async (path) => tree.resolve(path)?.data, { path: 'x.tar' })
  },
)
