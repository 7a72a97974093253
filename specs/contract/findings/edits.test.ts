import { describe, expect, it } from 'vitest'
import { nearest } from './edits.ts'

describe('nearest', () => {
  it.each([
    ['advertise-route', 'advertise-routes'],
    ['TS_ROUTE', undefined],
    ['advertise-routes', undefined],
    ['shields', undefined],
    ['', undefined],
    ['x'.repeat(1000), undefined],
  ])('of %j is %j', (written, expected) => {
    expect(nearest(written, ['advertise-routes', 'shields-up', 'ssh'])).toBe(expected)
  })
})
