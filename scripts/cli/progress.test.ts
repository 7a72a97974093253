import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { startProgress } from './progress.ts'

/** All that is written to a stream that is a terminal, or is none. */
function written(isTTY: boolean, use: (progress: ReturnType<typeof startProgress>) => void): string {
  const texts: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      texts.push(String(chunk))
      done()
    },
  })
  use(startProgress(Object.assign(stream, { isTTY, columns: 120 }) as unknown as NodeJS.WriteStream))
  return texts.join('')
}

describe('startProgress', () => {
  it('shows bytes, rate and time left at a terminal, and gives the cursor back', () => {
    const text = written(true, ({ start, advance, stop }) => {
      start(10 << 20)
      advance(5 << 20)
      stop()
    })
    expect(text).toMatch(/pulling .*% \| .* of 10\.0 MiB \| .* MiB\/s/)
    expect(text.lastIndexOf('\u{1b}[?25h')).toBeGreaterThan(text.lastIndexOf('\u{1b}[?25l'))
  })

  it('writes nothing on a pipe, and nothing where nothing is to come', () => {
    const use = ({ start, advance, stop }: ReturnType<typeof startProgress>): void => {
      start(10 << 20)
      advance(5 << 20)
      stop()
    }
    expect(written(false, use)).toBe('')
    expect(
      written(true, ({ start, stop }) => {
        start(0)
        stop()
      }),
    ).not.toContain('pulling')
  })
})
