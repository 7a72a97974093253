import { describe, expect, it } from 'vitest'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { readAll } from '../../bytes/source.ts'
import { parseSha256Sums } from './sha256sum.ts'

const HEX = 'ab'.repeat(32)
const where = { path: 'checksums.sha256' }

describe('parseSha256Sums', () => {
  it('reads text and binary lines in their order', () => {
    expect(parseSha256Sums(`${HEX}  ./b\n${HEX} *./a c\n`, where)).toEqual([
      { sha256: HEX, path: './b' },
      { sha256: HEX, path: './a c' },
    ])
  })

  it('reads a last line without a newline, and nothing from nothing', () => {
    expect(parseSha256Sums(`${HEX}  x`, where)).toEqual([{ sha256: HEX, path: 'x' }])
    expect(parseSha256Sums('', where)).toEqual([])
  })

  it.each([
    ['one space', `${HEX}  a\n${HEX} b\n`, 68],
    ['upper case', `${HEX.toUpperCase()}  a\n`, 0],
    ['an escaped name', `\\${HEX}  a\\nb\n`, 0],
    ['an empty line', `${HEX}  a\n\n${HEX}  b\n`, 68],
  ])('refuses %s, by its offset', async (_, text, offset) => {
    const error = await expectCode(() => parseSha256Sums(text, where), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ ...where, offset })
  })

  it('refuses more lines than any tree has', async () => {
    const error = await expectCode(
      () => parseSha256Sums(`${HEX}  a\n`.repeat(100_001), where),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(error.at?.path).toBe('checksums.sha256')
  })
})

describeHostile(
  'sha256sum',
  { 'two lines': () => new TextEncoder().encode(`${HEX}  ./a\n${HEX}  ./b\n`) },
  async (source) => parseSha256Sums(new TextDecoder().decode(await readAll(source, 1 << 20)), source.where),
)
