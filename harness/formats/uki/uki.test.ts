import { describe, expect, it } from 'vitest'
import { bytesSource, readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { samplePe, type SampleOptions, type SampleSection } from '../../testing/pe-sample.ts'
import { MAX_TEXT_SIZE, readUki } from './uki.ts'

const section = (name: string, text = name): SampleSection => ({ name, data: Buffer.from(text) })
const read = (sections: readonly SampleSection[], options?: SampleOptions) =>
  readUki(bytesSource(samplePe(sections, options), { path: 'uki.efi' }))
const names = (sections: readonly { readonly name: string }[]) => sections.map(({ name }) => name).join(' ')

const stub = ['.text', '.rodata', '.data', '.sbat', '.sdmagic', '.reloc'].map((name) => section(name))
const unsigned = [
  ...stub,
  section('.osrel', 'ID=talos\n'),
  section('.cmdline', 'talos.platform=metal'),
  section('.linux'),
  section('.initrd'),
  section('.profile', 'ID=main'),
]
const signed = [
  ...stub,
  section('.osrel', 'ID=talos\n'),
  section('.cmdline', 'talos.platform=metal'),
  section('.pcrpkey', '-----BEGIN PUBLIC KEY-----'),
  section('.linux'),
  section('.initrd'),
  section('.profile', 'ID=main'),
  section('.pcrsig', '{"sha256":[]}'),
  section('.profile', 'ID=reset-maintenance\nTITLE=Reset to maintenance mode'),
  section('.cmdline', 'talos.platform=metal talos.experimental.wipe=system:EPHEMERAL,STATE'),
  section('.pcrsig', '{"sha256":[1]}'),
]

describe('readUki', () => {
  it('distinguishes the stub from what was appended', async () => {
    const uki = await read(unsigned)
    expect(names(uki.stubSections)).toBe('.text .rodata .data .sbat .sdmagic .reloc')
    expect(names(uki.appended)).toBe('.osrel .cmdline .linux .initrd .profile')
  })

  it('has nothing appended to a bare stub', async () => {
    const uki = await read(stub)
    expect(uki).toMatchObject({ appended: [], profiles: [] })
    expect(names(uki.stubSections)).toBe(names(uki.pe.sections))
  })

  it('finds the first section of the base by its name', async () => {
    const uki = await read([...stub, section('.initrd', 'one'), section('.initrd', 'two'), section('.profile')])
    const initrd = uki.first('.initrd')
    expect(initrd?.where).toEqual({ path: 'uki.efi!.initrd' })
    expect(Buffer.from(await readAll(initrd ?? bytesSource(Buffer.alloc(0)), 10)).toString()).toBe('one')
    expect(await uki.text('.sbat')).toBe('.sbat')
    expect([uki.where, uki.whereOf('.initrd')]).toEqual([{ path: 'uki.efi' }, initrd?.where])
  })

  it('does not take a section of a profile for one of the base', async () => {
    const uki = await read([...stub, section('.profile', 'ID=x'), section('.cmdline', 'profile only')])
    expect(uki.first('.cmdline')).toBeUndefined()
    expect(await uki.text('.cmdline')).toBeUndefined()
    expect(await uki.profiles[0]?.text('.cmdline')).toBe('profile only')
  })

  it('reads the profiles and what belongs to each', async () => {
    const { profiles } = await read(signed)
    expect(profiles.map(({ index, id, title, sections }) => [index, id, title, names(sections)])).toEqual([
      [0, 'main', undefined, '.pcrsig'],
      [1, 'reset-maintenance', 'Reset to maintenance mode', '.cmdline .pcrsig'],
    ])
    expect(await profiles[1]?.text('.pcrsig')).toBe('{"sha256":[1]}')
  })

  it('reads a quoted title, and an empty profile', async () => {
    const { profiles } = await read([section('.profile', 'TITLE="It\'s x"\nID=x\n'), section('.profile', '')])
    expect(profiles[0]).toMatchObject({ id: 'x', title: "It's x" })
    expect(profiles[1]).not.toHaveProperty('id')
  })

  it('reads a UKI that is signed for SecureBoot', async () => {
    const uki = await read(signed, { certificate: Buffer.from('authenticode') })
    expect(uki.pe.certificateTable.size).toBe(12)
    expect(await uki.text('.pcrpkey')).toBe('-----BEGIN PUBLIC KEY-----')
  })

  it.for([
    ['LIMIT_EXCEEDED', 'a long text', section('.cmdline', 'x'.repeat(MAX_TEXT_SIZE + 1))],
    ['MALFORMED', 'a text that is not UTF-8', { name: '.cmdline', data: Buffer.from([0xff]) }],
    ['TRUNCATED', 'a text outside the file', { ...section('.cmdline'), offset: 0x10000000 }],
  ] as const)('answers %s for %s', async ([code, , broken]) => {
    const uki = await read([broken])
    const error = await expectCode(() => uki.text('.cmdline'), FormatError, code)
    expect(error.at?.path).toContain('uki.efi')
  })

  it('reads a text of the greatest size', async () => {
    expect(await (await read([section('.cmdline', 'x'.repeat(MAX_TEXT_SIZE))])).text('.cmdline')).toHaveLength(65536)
  })
})

describeHostile(
  'uki',
  { 'unsigned.efi': () => samplePe(unsigned), 'signed.efi': () => samplePe(signed, { certificate: Buffer.alloc(8) }) },
  async (source) => {
    const uki = await readUki(source)
    for (const group of [uki, ...uki.profiles]) for (const { name } of group.sections) await group.text(name)
    for (const { data } of uki.appended) for await (const _ of data().stream()) continue
  },
)
