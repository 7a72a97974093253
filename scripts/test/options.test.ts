import { describe, expect, it, vi } from 'vitest'
import { UsageError } from '../cli/command-line.ts'
import { parseOptions } from './options.ts'

describe('parseOptions', () => {
  it('asks for little when nothing is given', () => {
    expect(parseOptions([])).toEqual({
      references: [],
      variants: [],
      account: false,
      reproduce: false,
      structureOnly: false,
      contractOnly: false,
      fromBytes: false,
      json: false,
      output: [],
    })
  })

  it('takes references between options', () => {
    const args = [
      'oci:a',
      '--variant',
      'spin-only',
      'oci:b',
      '--target=image,installer',
      '--only',
      'KRN, EXT-002',
      '--json',
    ]
    expect(parseOptions(args)).toEqual({
      references: ['oci:a', 'oci:b'],
      output: [],
      variant: 'spin-only',
      variants: ['spin-only', 'spin-only'],
      targets: ['image', 'installer'],
      only: ['KRN', 'EXT-002'],
      account: false,
      reproduce: false,
      structureOnly: false,
      contractOnly: false,
      fromBytes: false,
      json: true,
    })
  })

  it('takes the files of a configuration up to the next option, and more of them later', () => {
    const args = ['oci:a', '--config', 'node.yaml', 'patch.yaml', '--json', '--config', 'last.yaml']
    expect(parseOptions(args)).toMatchObject({
      references: ['oci:a'],
      config: ['node.yaml', 'patch.yaml', 'last.yaml'],
      json: true,
    })
  })

  it.each([
    ['an option that is none', ['--colour'], /unknown option '--colour'/],
    ['an option without its value', ['--lock'], /'--lock <FILE>' argument missing/],
    ['a target that is none', ['--target', 'installer,kernel'], /expected some of image, installer, assets/],
    ['no target', ['--target', ''], /expected some of/],
  ])('refuses %s in one sentence', (_, args, message) => {
    const refusal = (): unknown => parseOptions(args)
    expect(refusal).toThrow(UsageError)
    expect(refusal).toThrow(message)
    expect(refusal).toThrow(/^[^\n]+ \(npm test -- --help says more\)$/)
  })

  it('prints its usage and has no options then', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      expect(parseOptions(['--help'])).toBeUndefined()
      expect(write.mock.calls.join('')).toMatch(/^Usage: npm test -- .*Exit status: 0 conforms, 1 a must fails, 2 /s)
    } finally {
      write.mockRestore()
    }
  })
})
