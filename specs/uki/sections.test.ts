import { describe, expect, it } from 'vitest'
import { bytesSource } from '#harness/bytes/source.ts'
import { expectedSections, unprintable } from './sections.ts'

const ORDER = ['.osrel', '.uname', '.splash', '.pcrpkey', '.linux', '.profile', '.pcrsig']
const expected = (...names: readonly string[]) => expectedSections(names, ORDER).join(' ')

describe('expectedSections', () => {
  it('leaves out what may be left out where it is not there', () => {
    expect(expected('.osrel', '.linux', '.profile')).toBe('.osrel .linux .profile')
    expect(expected('.splash', '.profile')).toBe('.osrel .splash .linux .profile')
    expect(expected('.profile', '.splash')).toBe('.osrel .linux .profile')
  })

  it('has one profile where there is none, and as many as there are', () => {
    expect(expected()).toBe('.osrel .linux .profile')
    expect(expected('.profile', '.profile', '.profile')).toBe(
      '.osrel .linux .profile .profile .cmdline .profile .cmdline',
    )
  })

  it('has a policy for the TPM whole or not at all', () => {
    expect(expected('.pcrpkey', '.profile', '.profile')).toBe(
      '.osrel .pcrpkey .linux .profile .pcrsig .profile .cmdline .pcrsig',
    )
    expect(expected('.profile', '.pcrsig')).toBe('.osrel .linux .profile')
  })
})

describe('unprintable', () => {
  it.for([
    [' ~', []],
    ['', []],
    ['a\x1f', ['byte 0x1f at 1']],
    ['\x7f\x80', ['byte 0x7f at 0']],
    ['a\u00a0', ['byte 0xc2 at 1']],
  ] as const)('of %j is %j', async ([text, found]) => {
    expect(await unprintable(bytesSource(Buffer.from(text)))).toEqual(found)
  })
})
