import { describe, expect, it } from 'vitest'
import { buildOrder } from './layers.ts'

describe('buildOrder', () => {
  it('counts as strings do, and ends with the module index', () => {
    const images = ['2.sqsh', 'modules.dep.sqsh', '11.sqsh', '0.sqsh', '10.sqsh', '1.sqsh', '3.sqsh']
    expect(buildOrder(images)).toEqual([
      '0.sqsh',
      '1.sqsh',
      '10.sqsh',
      '11.sqsh',
      '2.sqsh',
      '3.sqsh',
      'modules.dep.sqsh',
    ])
  })

  it('puts names that are no numbers behind, in an order of their own', () => {
    expect(buildOrder(['zfs.sqsh', '0x.sqsh', '7.sqsh', 'a/1.sqsh'])).toEqual([
      '7.sqsh',
      '0x.sqsh',
      'a/1.sqsh',
      'zfs.sqsh',
    ])
  })

  it('leaves what it was given as it was', () => {
    const images = ['1.sqsh', '0.sqsh']
    expect([buildOrder(images), images]).toEqual([
      ['0.sqsh', '1.sqsh'],
      ['1.sqsh', '0.sqsh'],
    ])
    expect(buildOrder([])).toEqual([])
  })
})
