// The progress of a pull at a terminal: bytes, rate, time left. Nothing is written to a pipe.
import type { PullProgress } from '../judge/candidates/pull.ts'
import { openProgressBar } from './progress-bar.ts'

const MEBIBYTE = 1 << 20
const NOTHING: PullProgress = { start: () => undefined, advance: () => undefined, stop: () => undefined }

export function startProgress(stream: NodeJS.WriteStream): PullProgress {
  if (!stream.isTTY) return NOTHING
  const bar = openProgressBar(stream, 'pulling')
  let total = 0
  let done = 0
  let began = 0
  const draw = (): void => {
    const seconds = Math.max(0.001, (performance.now() - began) / 1000)
    bar.update(done, total, `${toMebibytes(done)} of ${toMebibytes(total)} MiB | ${toMebibytes(done / seconds)} MiB/s`)
  }
  return {
    start(bytes) {
      if (bytes === 0) return
      total = bytes
      began = performance.now()
      draw()
    },
    advance(bytes) {
      done += bytes
      if (total > 0) draw()
    },
    stop: () => bar.stop(),
  }
}

function toMebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1)
}
