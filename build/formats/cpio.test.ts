import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { encodeCpio, type CpioFile } from './cpio.ts'

const owner = { uid: 0, gid: 0, mtime: 0x690c9627 }
const root: CpioFile = { path: '.', mode: 0o040755, ...owner }
const file: CpioFile = { path: 'init', mode: 0o100755, ...owner, data: Buffer.from('12345') }
const link: CpioFile = { path: 'bin', mode: 0o120777, ...owner, target: 'usr/bin' }

describe('encodeCpio', () => {
  it('writes headers as GNU cpio does: upper case, inodes from 0, no devices', () => {
    const text = Buffer.from(encodeCpio([root, file])).toString('latin1')
    const rootHeader = [
      '070701',
      '00000000',
      '000041ED',
      '00000000',
      '00000000',
      '00000002',
      '690C9627',
      '00000000',
    ].join('')
    const noDevices = '00000000'.repeat(4)
    expect(text.slice(0, 112)).toBe(`${rootHeader}${noDevices}0000000200000000.\0`)
    const fileHeader = [
      '070701',
      '00000001',
      '000081ED',
      '00000000',
      '00000000',
      '00000001',
      '690C9627',
      '00000005',
    ].join('')
    expect(text.slice(112, 112 + 116)).toBe(`${fileHeader}${noDevices}0000000500000000init\0\0`)
    expect(text.slice(228, 236)).toBe('12345\0\0\0')
  })

  it('ends with a trailer and fills a block of 512', () => {
    const bytes = Buffer.from(encodeCpio([root]))
    expect(bytes).toHaveLength(512)
    expect(bytes.toString('latin1', 112, 236)).toBe(
      `070701${'00000000'.repeat(4)}00000001${'00000000'.repeat(6)}0000000B00000000TRAILER!!!\0\0\0\0`,
    )
    expect(bytes.subarray(236).every((byte) => byte === 0)).toBe(true)
  })

  it('stores the text of a link as its content', () => {
    expect(Buffer.from(encodeCpio([link])).toString('latin1', 116, 124)).toBe('usr/bin\0')
  })

  it('takes the link count that it is given', () => {
    expect(Buffer.from(encodeCpio([{ ...file, links: 7 }])).toString('latin1', 38, 46)).toBe('00000007')
  })

  it.for([-1, 2 ** 32, 0.5])('refuses a time of %d', (mtime) => {
    const error = expect.objectContaining({ code: 'LIMIT_EXCEEDED' })
    expect(() => encodeCpio([{ ...file, mtime }])).toThrow(error)
    expect(() => encodeCpio([{ ...file, mtime }])).toThrow(FormatError)
  })
})
