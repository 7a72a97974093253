// The current step of a command, for a person who waits.
import { printable } from '../judge/verdict/printable.ts'

type Terminal = { readonly isTTY?: boolean | undefined; write(text: string): unknown }

/** Shows what is being done: on a terminal in one line, on a pipe a line each. */
export function showSteps(label: string, terminal: Terminal): { step(text: string): void; end(): void } {
  let shown = 0
  return {
    step(text) {
      shown++
      const line = `${label}: ${printable(text)}`
      terminal.write(terminal.isTTY === true ? `\r\u001b[K${line}` : `${line}\n`)
    },
    end() {
      if (shown > 0 && terminal.isTTY === true) terminal.write('\r\u001b[K')
    },
  }
}
