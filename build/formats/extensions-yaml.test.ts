import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExtensionsYaml } from '#harness/talos/extension/extension.ts'
import { encodeExtensionsYaml, type LayerMetadata } from './extensions-yaml.ts'
import { encodeYamlScalar } from './yaml-scalar.ts'

const drbd: LayerMetadata = {
  name: 'drbd',
  version: '9.2.14-v1.11.5',
  author: 'Andrei Kvapil',
  description: '[extra] This system extension provides drbd.\n',
  compatibility: { talos: { version: '>= v1.2.0' } },
}

/**
 * Characters that go-yaml reads otherwise than YAML, so that no manifest with them gets so far
 * (harness/formats/yaml/go-text.ts).
 */
const REFUSED = /[\ufeff\u0085\u2028\u2029\p{Cc}\p{Co}\p{Cn}]/u

describe('encodeExtensionsYaml', () => {
  it('writes a layer as imager does', () => {
    expect(Buffer.from(encodeExtensionsYaml([{ image: '3.sqsh', metadata: drbd }])).toString()).toBe(
      `layers:
    - image: 3.sqsh
      metadata:
        name: drbd
        version: 9.2.14-v1.11.5
        author: Andrei Kvapil
        description: |
            [extra] This system extension provides drbd.
        compatibility:
            talos:
                version: '>= v1.2.0'
`,
    )
  })

  it('writes what reads back as the same, whatever the texts', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...' ab:-#\n\t\'"!%@`>|[]{},&*?.\\~0129é€😀\x07') }),
      fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed() && !REFUSED.test(one)),
      fc.constantFrom('null', '1_0', '0x1F', '2025-10-21', 'yes', '1:20', '.5', '1e3', '---', '- a', '', '\n', '\n\n'),
    )
    const metadata = fc.record({
      name: text.filter((name) => name !== ''),
      version: text.filter((version) => version !== ''),
      author: text,
      description: text,
      compatibility: fc.record({ talos: fc.record({ version: text }) }),
    })
    fc.assert(
      fc.property(fc.array(metadata, { minLength: 1, maxLength: 3 }), (all) => {
        const layers = all.map((one, index) => ({ image: `${index}.sqsh`, metadata: one }))
        expect(parseExtensionsYaml(encodeExtensionsYaml(layers))).toEqual({ layers })
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300), seed: Number(process.env['FUZZ_SEED'] ?? 20261123) },
    )
  })

  it('leaves extraInfo out where there is none', () => {
    const withInfo = { ...drbd, extraInfo: 'customization: {}\n' }
    const layers = [withInfo, { ...drbd, extraInfo: '' }].map((metadata) => ({ image: 'x', metadata }))
    const written = encodeExtensionsYaml(layers)
    expect(parseExtensionsYaml(written).layers.map(({ metadata }) => metadata)).toEqual([withInfo, drbd])
    expect(Buffer.from(written).toString()).toContain('        extraInfo: |\n            customization: {}\n')
  })
})

describe('encodeYamlScalar', () => {
  it.for([
    ['spin', 'spin'],
    ['v0.21.0', 'v0.21.0'],
    ['1.88.1', '1.88.1'],
    ['20251021', '"20251021"'],
    ['0.21', '"0.21"'],
    ['2025-10-21', '"2025-10-21"'],
    ['', '""'],
    ['true', '"true"'],
    ['Off', '"Off"'],
    ['>= v1.0.0', "'>= v1.0.0'"],
    ['Aenix, Enix', 'Aenix, Enix'],
    ["it's", "it's"],
    ["'quoted'", "'''quoted'''"],
    ['a: b', "'a: b'"],
    ['http://x', 'http://x'],
    ['a #b', "'a #b'"],
    ['tab\there', '"tab\\there"'],
    ['bell\x07', '"bell\\a"'],
    ['a\nb', '|-\n  a\n  b'],
    ['a\n\nb\n\n', '|+\n  a\n\n  b\n'],
    [' a\n', '|4\n   a'],
    ['a \nb', '"a \\nb"'],
  ] as const)('%j as %s', ([text, expected]) => expect(encodeYamlScalar(text, 2)).toBe(expected))
})
