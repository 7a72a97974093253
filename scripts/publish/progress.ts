// The progress of publishing: a line for each phase, and at a terminal a bar for the bytes.
import { openProgressBar } from '../cli/progress-bar.ts'

export type PushProgress = {
  readonly phase: (text: string) => void
  readonly advance: (bytes: number) => void
  readonly stop: () => void
}

const MEBIBYTE = 1 << 20

/** `total` is what the images have; what need not go counts as gone. */
export function startPushProgress(stream: NodeJS.WriteStream, total: number): PushProgress {
  const bar = openProgressBar(stream, ' ')
  let done = 0
  return {
    phase(text) {
      bar.stop()
      stream.write(`${text}\n`)
    },
    advance(bytes) {
      done += bytes
      if (!stream.isTTY || total === 0) return
      bar.update(done, total, `${toMebibytes(done)} of ${toMebibytes(total)} MiB`)
    },
    stop: () => bar.stop(),
  }
}

function toMebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1)
}
