import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openProgressBar, type ProgressBar } from './progress-bar.ts'

/** All that is written to a terminal of so many columns, or to a pipe; `at` sets the clock. */
function written(columns: number | 'pipe', use: (bar: ProgressBar, at: (ms: number) => void) => void): string {
  const texts: string[] = []
  let clock = 0
  const stream = new Writable({
    write(chunk, _, done) {
      texts.push(String(chunk))
      done()
    },
  })
  const terminal = Object.assign(
    stream,
    columns === 'pipe' ? {} : { isTTY: true, columns },
  ) as unknown as NodeJS.WriteStream
  use(
    openProgressBar(terminal, 'pulling', () => clock),
    (ms) => {
      clock = ms
    },
  )
  return texts.join('')
}

describe('openProgressBar', () => {
  it('draws the share, the text and the time left by the rate so far', () => {
    const text = written(120, (bar, at) => {
      bar.update(0, 400, '0 of 400')
      at(60_000)
      bar.update(100, 400, '100 of 400')
    })
    expect(text).toContain(`pulling ${'░'.repeat(30)} 0% | 0 of 400\u{1b}`)
    expect(text).toContain(`pulling ${'█'.repeat(8)}${'░'.repeat(22)} 25% | 100 of 400 | 3m00s left`)
  })

  it('draws ten times a second, whatever comes', () => {
    const text = written(120, (bar, at) => {
      for (let ms = 0; ms < 1000; ms += 10) {
        at(ms)
        bar.update(ms, 1000, 'x')
      }
    })
    expect(text.match(/pulling/g)).toHaveLength(10)
  })

  it('never wraps', () => {
    const text = written(20, (bar) => bar.update(1, 2, 'much text'))
    expect(text).toContain(`pulling ${'█'.repeat(11)}\u{1b}`)
  })

  it('hides the cursor while it draws, and takes the line away', () => {
    const text = written(120, (bar) => {
      bar.update(1, 2, 'x')
      bar.stop()
    })
    const escape = '\u{1b}['
    expect(text.startsWith(`${escape}?25l`)).toBe(true)
    expect(text.endsWith(`${escape}1G${escape}0K${escape}?25h`)).toBe(true)
  })

  it('gives back no cursor that it did not take', () => {
    expect(written(120, (bar) => bar.stop())).toBe('')
  })

  it('holds a share that is beyond the total, and takes nothing for all of nothing', () => {
    expect(written(120, (bar) => bar.update(3, 2, 'x'))).toContain('100%')
    expect(written(120, (bar) => bar.update(0, 0, 'x'))).toContain('100%')
  })

  it('writes a plain line each minute where there is no terminal', () => {
    const text = written('pipe', (bar, at) => {
      for (let second = 0; second < 150; second++) {
        at(second * 1000)
        bar.update(second, 150, 'x')
      }
      bar.stop()
    })
    expect(text.match(/^pulling .*% \| x.*\n/gm)).toHaveLength(3)
    expect(text).not.toContain('\u{1b}')
  })
})
