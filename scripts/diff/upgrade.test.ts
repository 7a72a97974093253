import { describe, expect, it } from 'vitest'
import { upgradeChanges } from './upgrade.ts'

const WAS = { talos: 'v1.12.9', variant: 'spin-only', architecture: 'arm64' }
const ids = (is: Partial<typeof WAS>): readonly string[] =>
  upgradeChanges(WAS, { ...WAS, ...is })
    .filter(({ effect }) => effect === 'breaks')
    .map(({ id }) => id)

describe('an upgrade', () => {
  it.each([
    ['to the same release', {}],
    ['to a newer patch', { talos: 'v1.12.10' }],
    ['to the next minor', { talos: 'v1.13.0' }],
    ['to a pre-release of the next minor', { talos: 'v1.13.0-alpha.1' }],
    ['to a build of the same release', { talos: 'v1.12.9-dirty' }],
    ['to a version that is none', { talos: 'mine' }],
  ])('%s breaks nothing', (_, is) => {
    expect(ids(is)).toEqual([])
  })

  it.each([
    ['over a minor', { talos: 'v1.14.0' }, ['upgrade.skipped']],
    ['over two minors', { talos: 'v1.15.0-alpha.0' }, ['upgrade.skipped']],
    ['to a major release', { talos: 'v2.0.0' }, ['upgrade.skipped']],
    ['to an older patch', { talos: 'v1.12.8' }, ['upgrade.downgrade']],
    ['to a pre-release of the same', { talos: 'v1.12.9-rc.1' }, ['upgrade.downgrade']],
    ['to an older minor', { talos: 'v1.11.9' }, ['upgrade.downgrade']],
    ['to another variant', { variant: 'spin-tailscale' }, ['upgrade.variant']],
    ['to another architecture', { architecture: 'amd64' }, ['upgrade.architecture']],
  ])('%s breaks', (_, is, expected) => {
    expect(ids(is)).toEqual(expected)
  })

  it('says which minors it skips', () => {
    const sentences = ['v1.14.0', 'v1.15.1'].map(
      (talos) => upgradeChanges(WAS, { ...WAS, talos }).find(({ id }) => id === 'upgrade.skipped')?.sentence,
    )
    expect(sentences).toEqual(['from v1.12.9 to v1.14.0 skips 1.13', 'from v1.12.9 to v1.15.1 skips 1.13 to 1.14'])
  })

  it.each([
    ['v1.14.0', /^Talos tests upgrades from one minor to the next/],
    ['v1.15.0', /^the installer of v1\.15\.0 refuses a node of v1\.12\.9: go by /],
    ['v2.0.0', /^the installer of v2\.0\.0 refuses a node/],
    ['v1.11.9', /^Talos tests no way back/],
    ['v1.10.9', /^the installer of v1\.10\.9 refuses a node of v1\.12\.9: roll back/],
  ])('to %s says what its installer takes', (talos, expected) => {
    const found = upgradeChanges(WAS, { ...WAS, talos }).find(({ effect }) => effect === 'breaks')
    expect(found?.action).toMatch(expected)
  })

  it('of something without a variant is not one to another variant', () => {
    const { variant: _, ...unnamed } = WAS
    expect(upgradeChanges(unnamed, WAS)).toEqual([])
  })
})
