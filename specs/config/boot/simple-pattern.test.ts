import { describe, expect, it } from 'vitest'
import { matchesPattern, simplePattern } from './simple-pattern.ts'
import { cpuMs } from '#harness/testing/cpu-time.ts'

const matches = (expression: string, text: string): boolean | undefined => {
  const pattern = simplePattern(expression)
  return pattern === undefined ? undefined : matchesPattern(pattern, text)
}

describe('simplePattern', () => {
  it.each([
    ['a', 'bab', true],
    ['^a', 'ba', false],
    ['a$', 'ab', false],
    ['^a.c$', 'abc', true],
    ['^a.c$', 'ac', false],
    ['^a\\.c$', 'abc', false],
    ['^a.*c$', 'ac', true],
    ['^a.+c$', 'ac', false],
    ['^a.*b.*c$', 'abxbc', true],
    ['^a\\$', 'a$b', true],
    ['', 'a', true],
    ['^$', 'a', false],
  ])('%s against %s: %s', (expression, text, expected) => {
    expect(matches(expression, text)).toBe(expected)
    expect(new RegExp(expression, 'u').test(text)).toBe(expected)
  })

  it.each(['[a]', 'a|b', '(a+)+$', 'a?', 'a{2}', '.?', '.{2}', '\\d', 'a*', 'a\\', 'x'.repeat(2049)])(
    'does not read %s',
    (expression) => {
      expect(simplePattern(expression)).toBeUndefined()
    },
  )

  it('takes no long time over many stars', () => {
    const started = cpuMs()
    expect(matches(`^${'a.*'.repeat(600)}b$`, 'a'.repeat(2048))).toBe(false)
    expect(cpuMs() - started).toBeLessThan(1000)
  })
})
