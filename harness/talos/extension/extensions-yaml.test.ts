import { describe, expect, it } from 'vitest'
import { parseExtensionsYaml, type ExtensionMetadata } from './extension.ts'
import { writeExtensionsYaml } from './extensions-yaml.ts'

const metadata: ExtensionMetadata = {
  name: 'drbd',
  version: '9.2.14-v1.11.5',
  author: 'Sidero Labs',
  description: '[core] This system extension provides drbd.\n',
  compatibility: { talos: { version: '>= v1.11.0' } },
}
const write = (fields: Partial<ExtensionMetadata>) =>
  writeExtensionsYaml({ layers: [{ image: '0.sqsh', metadata: { ...metadata, ...fields } }] })
/** Texts behind `description:`; each was written so by all five go-yaml (extensions-yaml.oracle.test.ts). */
const described = (description: string) =>
  /^ {8}description: (.*?)\n {8}compatibility:/ms.exec(write({ description }).text)?.[1]

describe('writeExtensionsYaml', () => {
  it('writes what imager writes', () => {
    expect(write({ extraInfo: 'a: b\n' })).toEqual({
      text: `layers:
    - image: 0.sqsh
      metadata:
        name: drbd
        version: 9.2.14-v1.11.5
        author: Sidero Labs
        description: |
            [core] This system extension provides drbd.
        compatibility:
            talos:
                version: '>= v1.11.0'
        extraInfo: |
            a: b
`,
      uncertain: [],
    })
  })

  it('writes a list of nothing', () => {
    expect(writeExtensionsYaml({ layers: [] }).text).toBe('layers: []\n')
  })

  it.for([
    ['20251021', '"20251021"'],
    ['1.10', '"1.10"'],
    ['0x1F', '"0x1F"'],
    ['0o17', '"0o17"'],
    ['1_000', '"1_000"'],
    ['+1', '"+1"'],
    ['1e3', '"1e3"'],
    ['.5', '".5"'],
    ['2025-10-21', '"2025-10-21"'],
    ['2025-13-21', '2025-13-21'],
    ['true', '"true"'],
    ['~', '"~"'],
    ['', '""'],
    ['v1.0', 'v1.0'],
    ['a: b', "'a: b'"],
    ["it's", "it's"],
    ["'it", "'''it'"],
    ['a #b', "'a #b'"],
    ['a#b', 'a#b'],
    [' a', "' a'"],
    ['-', "'-'"],
    ['-a', '-a'],
    ['---a', "'---a'"],
    ['a\tb', '"a\\tb"'],
    ['a\u00a0b', 'a\u00a0b'],
    ['\u{1F600}', '"\\U0001F600"'],
    ['\u0007', '"\\a"'],
    ['a\nb', '|-\n            a\n            b'],
    ['a\n\n', '|+\n            a\n'],
    ['a \nb', '"a \\nb"'],
  ] as const)('writes %j as %s', ([text, written]) => {
    expect(described(text)).toBe(written)
    expect(write({ description: text }).uncertain).toEqual([])
    expect(parseExtensionsYaml(Buffer.from(write({ description: text }).text)).layers[0]?.metadata.description).toBe(
      text,
    )
  })

  it.for([
    'no',
    'Yes',
    'y',
    '<<',
    '12:30',
    '\n',
    '\na',
    ' a\nb',
    '\t\n',
    'a\u2028b',
    'a\rb',
    '\ufeffa',
    `\u0007${'a '.repeat(40)}`,
  ])('does not know how %j is written', (description) => {
    expect(write({ description }).uncertain).toEqual([{ pointer: '/layers/0/metadata/description', text: description }])
  })
})
