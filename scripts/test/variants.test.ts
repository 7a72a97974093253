import { describe, expect, it } from 'vitest'
import { UsageError } from '../cli/command-line.ts'
import { parseOptions } from './options.ts'

const variants = (...args: readonly string[]) => parseOptions(args)?.variants

describe('--variant', () => {
  it('is for all candidates, or for one by its reference', () => {
    expect(variants('oci:a', 'oci:b')).toEqual([undefined, undefined])
    expect(variants('oci:a', 'oci:b', '--variant', 'x')).toEqual(['x', 'x'])
    expect(variants('oci:a', 'oci:b', '--variant', 'oci:b=y')).toEqual([undefined, 'y'])
    expect(variants('oci:a', 'oci:b', '--variant', 'oci:b=y', '--variant=x')).toEqual(['x', 'y'])
    expect(variants('oci:a', 'oci:b', '--variant=oci:a=x', '--variant=oci:b=y')).toEqual(['x', 'y'])
  })

  it('ends a reference at the last equals sign', () => {
    expect(variants('oci:a=b/c=d', '--variant', 'oci:a=b/c=d=x')).toEqual(['x'])
  })

  it.each<[string, readonly string[], RegExp]>([
    ['a reference that was not given', ['oci:a', '--variant=oci:b=x'], /--variant oci:b=x names no reference.*oci:a/],
    ['a reference where none was given', ['--variant=oci:b=x'], /names no reference that was given/],
    ['no name', ['oci:a', '--variant=oci:a='], /expected NAME, or REFERENCE=NAME/],
    ['no reference', ['oci:a', '--variant==x'], /expected NAME, or REFERENCE=NAME/],
    ['two names for one', ['oci:a', '--variant=oci:a=x', '--variant=oci:a=y'], /oci:a cannot be x and y/],
    ['two names for all', ['oci:a', '--variant=x', '--variant=y'], /the candidates cannot be x and y/],
  ])('refuses %s', (_, args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError)
    expect(() => parseOptions(args)).toThrow(message)
  })
})
