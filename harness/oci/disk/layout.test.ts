import { describe, expect, it } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { bytesSource, readAll } from '../../bytes/source.ts'
import { FormatError, NotFoundError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import * as samples from '../../testing/oci-samples.ts'
import { readArchive } from './archive.ts'
import { REF_NAME } from './layout.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../image/media-types.ts'
import { archiveStore } from './store-archive.ts'
import type { ContentStore } from '../store.ts'

const one = samples.imageOf([samples.tarOf([{ name: 'a' }])])
const two = samples.imageOf([samples.tarOf([{ name: 'b' }])])
const named = (name: string) => ({ annotations: { [REF_NAME]: name } })
const platform = (architecture: string) => ({ platform: { os: 'linux', architecture } })
const first = samples.descriptorOf(one.manifest, OCI_MANIFEST)
const second = samples.descriptorOf(two.manifest, OCI_MANIFEST)

type Choice = { readonly tag?: string; readonly digest?: typeof first.digest }

async function storeOf(index: Uint8Array | undefined, choice: Choice = {}, layout?: Uint8Array): Promise<ContentStore> {
  const files = samples.layoutFiles(index ?? Buffer.alloc(0), [...one.blobs, ...two.blobs])
  if (layout !== undefined) files.set('oci-layout', layout)
  if (index === undefined) files.delete('index.json')
  const tree = await readArchive(bytesSource(samples.tarOfFiles(files), { path: 'x.tar' }), 'oci-archive')
  return archiveStore({ kind: 'oci-archive', path: 'x.tar', ...choice }, tree)
}

const resolve = async (entries: readonly object[], choice: Choice = {}) =>
  (await storeOf(samples.indexOf(entries), choice)).resolve()

describe('layoutStore', () => {
  it('takes the only image, whatever it says about itself', async () => {
    const entry = { ...first, ...named('v1'), ...platform('arm64') }
    expect(await resolve([entry])).toEqual(entry)
    expect(await resolve([entry, entry])).toEqual(entry)
  })

  it('takes the image that a tag, a digest or both name', async () => {
    const entries = [
      { ...first, ...named('v1') },
      { ...second, ...named('v1-assets') },
    ]
    expect(await resolve(entries, { tag: 'v1-assets' })).toMatchObject(second)
    expect(await resolve(entries, { digest: first.digest })).toMatchObject(first)
    expect(await resolve(entries, { tag: 'v1', digest: first.digest })).toMatchObject(first)
    expect(await resolve([first, second], { digest: second.digest })).toEqual(second)
  })

  it('takes the one index where its own manifests are listed beside it', async () => {
    const index = { ...samples.descriptorOf(Buffer.from('{}'), OCI_INDEX), ...named('v1') }
    expect(await resolve([{ ...first, ...platform('arm64') }, index, second])).toEqual(index)
  })

  it('takes index.json itself where all it has are platforms, and gives its bytes', async () => {
    const bytes = samples.indexOf([
      { ...first, ...platform('arm64') },
      { ...second, ...platform('amd64') },
    ])
    const store = await storeOf(bytes)
    const root = await store.resolve()
    expect(root).toEqual({ mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length })
    expect(await readAll(await store.open(root), 10_000)).toEqual(bytes)
  })

  it.for([
    [
      'two names',
      [
        { ...first, ...named('v1') },
        { ...second, ...named('v2') },
      ],
      'v1, v2',
    ],
    ['two without names and platforms', [first, second], `${first.digest}, ${second.digest}`],
    [
      'one name for two',
      [
        { ...first, ...named('v1') },
        { ...second, ...named('v1') },
      ],
      'v1, v1',
    ],
  ] as const)('lists the names where it is open which image is meant: %s', async ([, entries, names]) => {
    const error = await expectCode(() => resolve(entries), FormatError, 'MALFORMED')
    expect(error).toMatchObject({ at: { path: 'x.tar' }, message: expect.stringContaining(`got several: ${names}`) })
  })

  it('lists the names where nothing has the tag or the digest', async () => {
    const entries = [{ ...first, ...named('v1') }, second]
    const error = await expectCode(() => resolve(entries, { tag: 'v2' }), NotFoundError, 'MANIFEST_UNKNOWN')
    expect(error.message).toBe(`expected an image v2, got v1, ${second.digest}`)
    const digest = digestOf(Buffer.from('other'))
    await expectCode(() => resolve(entries, { digest }), NotFoundError, 'MANIFEST_UNKNOWN')
  })

  it('lists only some of many names', async () => {
    const entries = Array.from({ length: 99 }, (_, index) => ({ ...first, ...named(`v${index}`) }))
    const error = await expectCode(() => resolve(entries, { tag: 'x' }), NotFoundError, 'MANIFEST_UNKNOWN')
    expect(error.message).toMatch(/v11 and 87 more$/)
  })

  it.for([
    ['no image', samples.indexOf([]), undefined, FormatError, 'MALFORMED'],
    ['no index.json', undefined, undefined, FormatError, 'MALFORMED'],
    ['an index.json that is no JSON', Buffer.from('{'), undefined, FormatError, 'MALFORMED'],
    ['an index.json that is no index', samples.json({}), undefined, SchemaError, 'SCHEMA'],
    ['an index.json beyond bounds', Buffer.alloc((4 << 20) + 1), undefined, FormatError, 'LIMIT_EXCEEDED'],
    [
      'a digest that is a path',
      samples.indexOf([{ ...first, digest: 'sha256:../../x' }]),
      undefined,
      SchemaError,
      'SCHEMA',
    ],
    [
      'version 1.1',
      samples.indexOf([first]),
      samples.json({ imageLayoutVersion: '1.1.0' }),
      FormatError,
      'UNSUPPORTED',
    ],
    ['version 2', samples.indexOf([first]), samples.json({ imageLayoutVersion: '2.0.0' }), FormatError, 'UNSUPPORTED'],
    ['no version', samples.indexOf([first]), samples.json({}), SchemaError, 'SCHEMA'],
  ] as const)('refuses a layout with %s', async ([, index, layout, Class, code]) => {
    const store = await storeOf(index, {}, layout)
    const error = await expectCode(() => store.resolve(), Class, code)
    expect(error.at?.path).toMatch(/^x\.tar/)
  })
})

describeHostile(
  'oci-archive',
  { layout: () => samples.tarOfFiles(samples.layoutFiles(samples.indexOf([first]), one.blobs)) },
  async (source) => {
    const tree = await readArchive(source, 'oci-archive')
    const store = archiveStore({ kind: 'oci-archive', path: source.where.path ?? '' }, tree)
    await readAll(await store.open(await store.resolve()), 1 << 20)
  },
)
