// The progress of a long job: one line at a terminal, redrawn, with a bar, the share, the caller's text and the
// time left; elsewhere a plain line each minute.
import { clearLine, cursorTo } from 'node:readline'

export type ProgressBar = {
  /** Draws, at most ten times a second; `text` is beside the bar. */
  readonly update: (done: number, total: number, text: string) => void
  /** Takes the line away and gives the cursor back. It may be drawn again. */
  readonly stop: () => void
}

const WIDTH = 30
const INTERVAL_MS = 100
/** Before that nothing is known about how fast it goes. */
const SETTLED_MS = 2000
const PLAIN_INTERVAL_MS = 60_000
const HIDE_CURSOR = '\u{1b}[?25l'
const SHOW_CURSOR = '\u{1b}[?25h'

/** `now` gives milliseconds. */
export function openProgressBar(
  stream: NodeJS.WriteStream,
  label: string,
  now: () => number = () => performance.now(),
): ProgressBar {
  let began: number | undefined
  let drawn: number | undefined
  return {
    update(done, total, text) {
      const time = now()
      began ??= time
      if (drawn !== undefined && time - drawn < (stream.isTTY ? INTERVAL_MS : PLAIN_INTERVAL_MS)) return
      if (drawn === undefined && stream.isTTY) stream.write(HIDE_CURSOR)
      drawn = time
      const share = total === 0 ? 1 : Math.min(1, Math.max(0, done / total))
      const filled = Math.round(share * WIDTH)
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
      const isSettled = share > 0 && time - began >= SETTLED_MS
      const left = isSettled ? ` | ${formatSeconds(((time - began) / 1000 / share) * (1 - share))} left` : ''
      const line = `${label} ${bar} ${Math.floor(share * 100)}% | ${text}${left}`
      if (!stream.isTTY) {
        stream.write(`${line}\n`)
        return
      }
      cursorTo(stream, 0)
      // A line that wraps could not be drawn over.
      stream.write(line.slice(0, Math.max(0, stream.columns - 1)))
      clearLine(stream, 1)
    },
    stop() {
      if (drawn === undefined || !stream.isTTY) return
      drawn = undefined
      cursorTo(stream, 0)
      clearLine(stream, 1)
      stream.write(SHOW_CURSOR)
    },
  }
}

/** `42s`, `3m05s`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`
}
