import { describe, expect, it } from 'vitest'
import { describeDifference } from './difference.ts'

describe('describeDifference', () => {
  it('shows short values whole', () => {
    expect(describeDifference({ expected: '4096', got: '65536' })).toEqual([
      ['expected', '4096'],
      ['got', '65536'],
    ])
  })

  it('shows only what differs of lists', () => {
    const difference = { expected: '[\n  "drbd",\n  "zfs",\n]', got: '[\n  "drbd",\n  "lldpd",\n]' }
    expect(describeDifference(difference)).toEqual([
      ['missing', '"zfs",'],
      ['extra', '"lldpd",'],
    ])
  })

  it('counts a line that is there twice', () => {
    const difference = { expected: '[\n  "a",\n]', got: '[\n  "a",\n  "a",\n]' }
    expect(describeDifference(difference)).toEqual([['extra', '"a",']])
  })

  it('says when only the order differs', () => {
    const [, got] = describeDifference({ expected: '[\n  "a",\n  "b",\n]', got: '[\n  "b",\n  "a",\n]' })
    expect(got?.[1]).toContain('the same in another order')
  })

  it('cuts what is long, and counts what it cut', () => {
    const long = Array.from({ length: 30 }, (_, at) => `line ${at}`).join('\n')
    expect(describeDifference({ expected: long })[0]?.[1]).toMatch(/line 19\n… 10 more$/)
  })
})
