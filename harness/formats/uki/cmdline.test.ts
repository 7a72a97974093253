import { describe, expect, it } from 'vitest'
import { parseCmdline } from './cmdline.ts'

describe('parseCmdline', () => {
  it.for([
    ['', []],
    [' \n', []],
    ['talos.platform=metal console=ttyAMA0 console=tty0', ['talos.platform=metal', 'console=ttyAMA0', 'console=tty0']],
    ['  a \t b\u00a0c\r\n', ['a', 'b', 'c']],
    ['quiet\n\0', ['quiet']],
    ['a\0b c', ['a']],
    ['dyndbg="file drivers/x.c +p" b', ['dyndbg=file drivers/x.c +p', 'b']],
    ['"a b=c d" e', ['a b=c d', 'e']],
    ['a=b"c d"e f', ['a=b"c d"e', 'f']],
    ['a="b c', ['a=b c']],
    ['a="" b', ['a=', 'b']],
    ['" "', [' ']],
    ['="x y"', ['="x y"']],
    ['a -- b', ['a', '--', 'b']],
  ] as const)('splits %j', ([text, parameters]) => {
    expect(parseCmdline(text)).toEqual(parameters)
  })

  it('takes a long line in one pass', () => {
    expect(parseCmdline('a "b '.repeat(200_000))).toHaveLength(200_000)
  })
})
