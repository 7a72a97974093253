import { describe, expect, it } from 'vitest'
import { showSteps } from './steps.ts'

describe('showSteps', () => {
  it('writes a line for each step on a pipe, and over one line on a terminal', () => {
    for (const [isTTY, expected] of [
      [false, 'a: one\na: t\\u{1b}wo\n'],
      [true, '\r\u001b[Ka: one\r\u001b[Ka: t\\u{1b}wo\r\u001b[K'],
    ] as const) {
      let text = ''
      const progress = showSteps('a', { isTTY, write: (chunk) => (text += chunk) })
      progress.step('one')
      progress.step('t\u001bwo')
      progress.end()
      expect(text).toBe(expected)
    }
  })
})
