// How far a pull is, for a person at a terminal: bytes, rate, time left. On a pipe nothing.
import { Presets, SingleBar } from 'cli-progress'

export type Progress = {
  /** `bytes` are to come. */
  readonly start: (bytes: number) => void
  /** So many more came; fewer where some must come again. */
  readonly advance: (bytes: number) => void
  readonly stop: () => void
}

const MEBIBYTE = 1 << 20
const NOTHING: Progress = { start: () => undefined, advance: () => undefined, stop: () => undefined }

export function startProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return NOTHING
  const bar = new SingleBar(
    {
      stream,
      format: 'pulling {bar} {percentage}% | {mebibytes} | {rate} MiB/s | {eta_formatted} left',
      clearOnComplete: true,
      hideCursor: true,
      // The run ends on Ctrl-C by itself, and `stop` gives the cursor back.
      gracefulExit: false,
    },
    Presets.shades_grey,
  )
  let total = 0
  let done = 0
  let began = 0
  const payload = (): object => {
    const seconds = Math.max(0.001, (performance.now() - began) / 1000)
    return {
      mebibytes: `${toMebibytes(done)} of ${toMebibytes(total)} MiB`,
      rate: toMebibytes(done / seconds),
    }
  }
  return {
    start(bytes) {
      if (bytes === 0) return
      total = bytes
      began = performance.now()
      bar.start(bytes, 0, payload())
    },
    advance(bytes) {
      done += bytes
      bar.update(done, payload())
    },
    stop: () => bar.stop(),
  }
}

function toMebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1)
}
