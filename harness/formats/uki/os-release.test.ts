import { describe, expect, it } from 'vitest'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { parseOsRelease } from './os-release.ts'

const where = { path: 'etc/os-release' }

describe('parseOsRelease', () => {
  it('reads the file of Talos', () => {
    const text = 'NAME="Talos"\nID=talos\nVERSION_ID=v1.11.5\nPRETTY_NAME="Talos (v1.11.5)"\n'
    expect(parseOsRelease(text, where)).toEqual(
      new Map([
        ['NAME', 'Talos'],
        ['ID', 'talos'],
        ['VERSION_ID', 'v1.11.5'],
        ['PRETTY_NAME', 'Talos (v1.11.5)'],
      ]),
    )
  })

  it.for([
    ['A=', ''],
    ['A=""', ''],
    ["A=''", ''],
    [`A='it "is" $x \\n'`, 'it "is" $x \\n'],
    ['A="a \\"b\\" \\$c \\`d\\` e\\\\f \\n"', 'a "b" $c `d` e\\f \\n'],
    ['A=a\\ b\\"c', 'a b"c'],
    ['A=two words ', 'two words'],
    ['  A=indented\r', 'indented'],
    ['A=x=y', 'x=y'],
    ['A=first\nA=last', 'last'],
    ['# comment\n\n#A=b\nA=c', 'c'],
    ['A="#"', '#'],
  ] as const)('reads %j', ([text, value]) => {
    expect([...parseOsRelease(text, where)]).toEqual([['A', value]])
  })

  it.for([
    'A',
    '=x',
    '1A=x',
    'A B=x',
    'export A=x',
    'A="x',
    'A=x"',
    "A='x",
    'A="',
    'A="x"y"',
    'A="x\\"',
    "A='x''y'",
    'A=x\\',
  ])('answers MALFORMED for %s', async (line) => {
    const error = await expectCode(() => parseOsRelease(`ID=é\n${line}`, where), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ path: 'etc/os-release', offset: 6 })
  })

  it('answers LIMIT_EXCEEDED for a line that would exhaust the matcher', async () => {
    const error = await expectCode(
      () => parseOsRelease(`A="${'x'.repeat(8 << 20)}"`, where),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(error.at).toEqual({ path: 'etc/os-release', offset: 0 })
  })
})
