// How far publishing is: a line for each phase, and at a terminal a bar for the bytes.
import { Presets, SingleBar } from 'cli-progress'

export type PushProgress = {
  readonly phase: (text: string) => void
  readonly advance: (bytes: number) => void
  readonly stop: () => void
}

const MEBIBYTE = 1 << 20

/** `total` is what the images have; what need not go counts as gone. */
export function startPushProgress(stream: NodeJS.WriteStream, total: number): PushProgress {
  const bar = new SingleBar(
    {
      stream,
      format: '  {bar} {percentage}% | {done} of {all} MiB | {eta_formatted} left',
      clearOnComplete: true,
      hideCursor: true,
      // Ctrl-C is answered by the command, and `stop` gives the cursor back.
      gracefulExit: false,
    },
    Presets.shades_grey,
  )
  let done = 0
  let shown = false
  const payload = (): object => ({ done: toMebibytes(done), all: toMebibytes(total) })
  const stop = (): void => {
    if (shown) bar.stop()
    shown = false
  }
  return {
    phase(text) {
      stop()
      stream.write(`${text}\n`)
    },
    advance(bytes) {
      done += bytes
      if (!stream.isTTY || total === 0) return
      if (!shown) bar.start(total, 0, payload())
      shown = true
      bar.update(done, payload())
    },
    stop,
  }
}

function toMebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1)
}
