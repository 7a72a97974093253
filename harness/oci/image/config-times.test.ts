import { describe, expect, it } from 'vitest'
import { timeProblems } from './config-times.ts'
import { configSchema } from './schemas.ts'

const withTime = (created: string) =>
  timeProblems(configSchema.parse({ created, rootfs: { type: 'layers' }, history: [{}, { created }] }))

describe('timeProblems', () => {
  it.for([
    '2025-11-06T14:01:02Z',
    '0001-01-01T00:00:00Z',
    '2024-02-29T23:59:59.123456789+05:30',
    '2000-02-29T00:00:00-00:00',
  ])('takes %s', (time) => {
    expect(withTime(time)).toEqual([])
  })

  it.for([
    '',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-00-01T00:00:00Z',
    '2025-01-00T00:00:00Z',
    '2025-01-01T24:00:00Z',
    '2025-01-01T0:00:00Z',
    '2025-01-01T00:60:00Z',
    '2025-01-01T00:00:60Z',
    '2025-01-01T00:00:00,5Z',
    '2025-01-01T00:00:00',
    '2025-01-01t00:00:00z',
    '2025-01-01T00:00:00+24:00',
    '2025-01-01T00:00:00Z ',
  ])('names %s', (time) => {
    expect(withTime(time).map(({ pointer }) => pointer)).toEqual(['/created', '/history/1/created'])
  })
})
