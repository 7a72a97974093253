import { describe, expect, it } from 'vitest'
import { ConsoleLines } from './console-lines.ts'

/** Lines as `number: text`, the bytes given in pieces of `size`. */
function linesOf(bytes: Uint8Array, size = bytes.length): readonly string[] {
  const lines = new ConsoleLines({ path: 'console' })
  const found = []
  for (let from = 0; from < bytes.length; from += size) found.push(...lines.push(bytes.subarray(from, from + size)))
  found.push(...lines.end())
  expect(lines.bytes).toBe(bytes.length)
  expect(lines.count).toBe(Buffer.from(bytes).toString('latin1').replace(/\n$/, '').split('\n').length)
  return found.map(({ text, at }) => `${at.line}: ${text}`)
}

describe('ConsoleLines', () => {
  it.each<[string, string | Uint8Array, readonly string[]]>([
    ['both ends of a line', 'a\r\nb\r\r\nc', ['1: a', '2: b', '3: c']],
    ['carriage returns alone', 'a\rb\r\rc\r', ['1: a', '1: b', '1: c']],
    ['time stamps', '[    1.302456] a\n[    1.302456][    T1] b\nhost: [    2.000000] c', ['1: a', '2: b', '3: c']],
    ['colours and cursors', '\u001B[2J\u001B[01;01H\u001B[0;31ma\u001B[m\u001B(B\n\u001B)0\u001B7b', ['1: a', '2: b']],
    ['the title of a window', '\u001B]0;green\u0007a\n\u001B]2;green\u001B\\b', ['1: a', '2: b']],
    ['NUL before a line, and in it', Buffer.from(`${'\0'.repeat(9000)}a\0b\n\0\nc`), ['1: ab', '3: c']],
    ['UTF-16', Buffer.from('a\r\nb', 'utf16le'), ['1: a', '2: b']],
    ['characters of control', 'a\u0008\u007F\u009B31mb\tc\u2028d', ['1: a31mb\tcd']],
    ['bytes of no UTF-8', Buffer.from([0x61, 0xff, 0x62]), ['1: a\uFFFDb']],
    ['a line of megabytes', `${'x'.repeat(3 << 20)}\nb`, [`1: ${'x'.repeat(4096)}`, '2: b']],
  ])('reads %s', (_, given, expected) => {
    const bytes = Buffer.from(given as Uint8Array)
    expect(linesOf(bytes)).toEqual(expected)
    expect(linesOf(bytes, bytes.length < 10_000 ? 1 : 4099)).toEqual(expected)
  })
})
