import { describe, expect, it } from 'vitest'
import { FormatError, SchemaError } from '../../errors.ts'
import { readAll } from '../../bytes/source.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { parseExtensionManifest, parseExtensionsYaml } from './extension.ts'

const where = { path: 'initramfs.xz!extensions.yaml' }
const extensions = `layers:
    - image: 0.sqsh
      metadata:
        name: drbd
        version: 9.2.14-v1.11.5
        author: Alexander Prentki
        description: |
            [extra] This system extension provides drbd.
        compatibility:
            talos:
                version: '>= v1.2.0'
    - image: modules.dep.sqsh
      metadata: {name: modules.dep, version: 6.12.57-talos, author: Talos Machinery, description: Combined, compatibility: {talos: {version: ""}}}
`

describe('parseExtensionsYaml', () => {
  it('reads layers in order', () => {
    expect(parseExtensionsYaml(Buffer.from(extensions), where)).toEqual({
      layers: [
        {
          image: '0.sqsh',
          metadata: {
            name: 'drbd',
            version: '9.2.14-v1.11.5',
            author: 'Alexander Prentki',
            description: '[extra] This system extension provides drbd.\n',
            compatibility: { talos: { version: '>= v1.2.0' } },
          },
        },
        {
          image: 'modules.dep.sqsh',
          metadata: {
            name: 'modules.dep',
            version: '6.12.57-talos',
            author: 'Talos Machinery',
            description: 'Combined',
            compatibility: { talos: { version: '' } },
          },
        },
      ],
    })
  })

  it('reads scalars as Go does for strings, and what is absent as empty', () => {
    const text =
      'layers: [{image: 1, metadata: {name: true, version: 1.10, author: ~, new: 1, extraInfo: 7}, more: {}}]'
    expect(parseExtensionsYaml(Buffer.from(text), where).layers).toEqual([
      {
        image: '1',
        metadata: {
          name: 'true',
          version: '1.10',
          author: '',
          description: '',
          compatibility: { talos: { version: '' } },
          extraInfo: '7',
        },
      },
    ])
  })

  it('names every issue with its pointer', async () => {
    const text = 'layers:\n  - metadata: {name: "", version: [1]}\n  - image: 1.sqsh\n'
    const error = await expectCode<SchemaError>(
      () => parseExtensionsYaml(Buffer.from(text), where),
      SchemaError,
      'SCHEMA',
    )
    expect(error.issues.map(({ path }) => path)).toEqual([
      '/layers/0/image',
      '/layers/0/metadata/name',
      '/layers/0/metadata/version',
      '/layers/1/metadata',
    ])
    expect(error.at).toEqual(where)
  })

  it.each(['', 'layers: 1\n', '[]\n'])('refuses %j', async (text) => {
    const error = await expectCode(() => parseExtensionsYaml(Buffer.from(text), where), SchemaError, 'SCHEMA')
    expect(error.at).toEqual(where)
  })

  it('refuses a key given twice', async () => {
    const text = 'layers: []\nlayers: []\n'
    const error = await expectCode(() => parseExtensionsYaml(Buffer.from(text), where), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ ...where, offset: 11 })
  })
})

const manifest = `version: v1alpha1
metadata:
  name: spin
  version: v0.21.0
  author: Sven Pfennig
  compatibility:
    talos:
      version: ">= v1.0.0"
`

describe('parseExtensionManifest', () => {
  it('reads a manifest', () => {
    const { version, metadata } = parseExtensionManifest(Buffer.from(manifest), where)
    expect([version, metadata.name, metadata.version]).toEqual(['v1alpha1', 'spin', 'v0.21.0'])
    expect(metadata.compatibility.talos.version).toBe('>= v1.0.0')
  })

  it.each(['v1alpha2', '', '1'])('refuses the manifest version %j', async (version) => {
    const text = manifest.replace('v1alpha1', JSON.stringify(version))
    const error = await expectCode(() => parseExtensionManifest(Buffer.from(text), where), SchemaError, 'SCHEMA')
    expect(error.at).toEqual(where)
  })
})

describeHostile('extensions.yaml', { 'extensions.yaml': () => Buffer.from(extensions) }, async (source) =>
  parseExtensionsYaml(await readAll(source, 1 << 20), source.where),
)
describeHostile('manifest.yaml', { 'manifest.yaml': () => Buffer.from(manifest) }, async (source) =>
  parseExtensionManifest(await readAll(source, 1 << 20), source.where),
)
