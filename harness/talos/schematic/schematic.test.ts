import { describe, expect, it } from 'vitest'
import { FormatError, SchemaError } from '../../errors.ts'
import { schematicId, writeSchematic } from './canonical.ts'
import { parseSchematic } from './schematic.ts'

const read = (text: string) => parseSchematic(Buffer.from(text), 'schematic.yaml')
const EMPTY = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba'
const ARGUMENTS = '9cba8e32753f91a16c1837ab8abf356af021706ef284aef07380780177d9a06c'
const META = 'd308a2a5ee2277bed5fbaa104fcbc8d59122abfa737df987a95b4ca763459a7f'
const OVERLAY = 'ee21ef4a5ef808a9b7484cc0dda0f25075021691c8c09a276591eedb638ea1f9'
const CERTIFICATES = 'fa8e05f142a851d3ee568eb0a8e5841eaf6b0ebc8df9a63df16ac5ed2c04f3e6'
const SECTORS = '92833e9ddd9bb9e11b2464fa5525429f01866306d52ebd882ee08d7918f6d1ea'

describe('the id of a schematic', () => {
  // Ids by siderolabs/image-factory pkg/schematic/schematic_test.go.
  it.each([
    ['', EMPTY],
    ['{}', EMPTY],
    ['customization: {}', EMPTY],
    ['customization:\n', EMPTY],
    ['customization: {extraKernelArgs: [], systemExtensions: {officialExtensions: []}}', EMPTY],
    ['overlay: {options: {}}\ncustomization: {bootloader: none, diskImage: {sectorSize: 0}}', EMPTY],
    ['{"customization": {"extraKernelArgs": ["noapic", "nolapic"], "systemExtensions": {}}}', ARGUMENTS],
    ['# mine\ncustomization:\n  extraKernelArgs: [&a noapic, nolapic, ~]\n', ARGUMENTS],
    ['customization: {meta: [{key: 0x0a, value: foo}], extraKernelArgs: []}', META],
    ['overlay: {name: rpi_generic, image: siderolabs/sbc-raspberrypi}', OVERLAY],
    ['customization: {secureboot: {includeWellKnownCertificates: yes}}', CERTIFICATES],
    ['customization: {diskImage: {sectorSize: 4096}}', SECTORS],
  ])('of %j is %s', (text, id) => {
    const canonical = writeSchematic(read(text))
    expect(schematicId(canonical)).toBe(id)
    expect(writeSchematic(read(canonical))).toBe(canonical)
  })

  it('is not known where releases of go-yaml write a text differently', () => {
    expect(() => writeSchematic(read('customization: {extraKernelArgs: ["on"]}'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('"on"') }),
    )
  })
})

describe('parseSchematic', () => {
  it.each([
    ['customization: {extraKernelArguments: [a]}', '/customization'],
    ['extensions: []', '/'],
    ['customization: {extraKernelArgs: a}', '/customization/extraKernelArgs'],
    ['customization: {meta: [{key: 256, value: a}]}', '/customization/meta/0/key'],
    ['customization: {meta: [{key: "10", value: a}]}', '/customization/meta/0/key'],
    ['customization: {bootloader: lilo}', '/customization/bootloader'],
    ['customization: {secureboot: {enrollKeys: maybe}}', '/customization/secureboot/enrollKeys'],
    ['customization: {secureboot: {includeWellKnownCertificates: 1}}', '/customization/secureboot/includeWell'],
    ['overlay: {options: {a: 1.5}}', '/overlay/options/a'],
    ['overlay: {options: {a1: true}}', '/overlay/options/a1'],
    ['[]', '/'],
    ['text', '/'],
  ])('refuses %j at %s', (text, place) => {
    const expected = expect.objectContaining({ message: expect.stringContaining(`schematic: ${place}`) })
    expect(() => read(text)).toThrow(SchemaError)
    expect(() => read(text)).toThrow(expected)
  })

  it.each([
    ['a: b: c', 'MALFORMED', 'schematic.yaml:1:'],
    ['owner: a\nowner: b', 'MALFORMED', 'schematic.yaml:2:1'],
    ['<<: {owner: a}', 'MALFORMED', 'schematic.yaml:1:1'],
    ['customization: &a {meta: [*a]}', 'LIMIT_EXCEEDED', 'schematic.yaml:1:'],
    ['owner: a\u2028b', 'UNSUPPORTED', 'schematic.yaml'],
    [bomb(), 'LIMIT_EXCEEDED', 'schematic.yaml:'],
  ])('refuses %j as %s', (text, code, place) => {
    expect(() => read(text)).toThrow(FormatError)
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code, at: { path: expect.stringMatching(new RegExp(`^${place}`)) } }),
    )
  })
})

/** Ten lists of ten aliases each. */
function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(10)}]`)
  return ['a0: &a0 [x]', ...lines].join('\n')
}
