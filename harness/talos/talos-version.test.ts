import { describe, expect, it } from 'vitest'
import { compareTalos, talosBase } from './talos-version.ts'

describe('talosBase', () => {
  it.each([
    ['v1.14.1', '1.14.1'],
    ['1.14.1', '1.14.1'],
    ['v1.14.0-rc.1', '1.14.0-rc.1'],
    ['v1.14.1-3-gabcdef0-dirty', '1.14.1'],
    ['v1.14.1-3-gabcdef0', '1.14.1'],
    ['v1.14.1-dirty', '1.14.1'],
    ['v1.14.0-alpha.1-12-gabcdef0', '1.14.0-alpha.1'],
    // Not an upstream tag: what follows the dash is a pre-release of it.
    ['v1.14.1-3-habcdef0', '1.14.1-3-habcdef0'],
  ])('takes %s as %s', (text, base) => {
    expect(talosBase(text)?.version).toBe(base)
  })

  it.each(['', 'latest', 'v1.14', 'an unknown version'])('reads no version in %j', (text) => {
    expect(talosBase(text)).toBeUndefined()
  })
})

describe('compareTalos', () => {
  it('puts pre-releases before their release, a development build beside its base, and what is no version last', () => {
    const sorted = ['v1.11.5', 'v1.14.0-alpha.2', 'v1.14.0-beta.0', 'v1.14.0-rc.1', 'v1.14.0', 'v1.14.2', 'latest']
    expect(sorted.toReversed().toSorted(compareTalos)).toEqual(sorted)
    expect(compareTalos('v1.14.1-3-gabcdef0-dirty', 'v1.14.1')).toBe(0)
  })
})
