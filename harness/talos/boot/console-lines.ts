// The lines of a serial console: without terminal control, carriage returns and the kernel's time stamps, each of them cut
// to what a line of Talos can have.
import type { Location } from '../../errors.ts'

type Line = { readonly text: string; readonly at: Location }

/** Bytes of a line that are kept; the kernel's own are at most 1024 (K include/linux/printk.h, LOG_LINE_MAX). */
const MAX_LINE_BYTES = 4096
const LINE_FEED = 0x0a

/** ECMA-48: control sequences, operating system commands, and other escapes of two characters. */
// oxlint-disable-next-line no-control-regex -- a terminal's
const CONTROL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[^[\]])/g
/** `[    1.302456] `, with the caller where the kernel prints it, behind what a terminal server puts before it. */
const STAMP = /^.{0,80}?\[ *\d+\.\d{6}\](?:\[ *[CT]\d+\])? /

/** Splits what is pushed; lines are counted from 1 by their line feeds. */
export class ConsoleLines {
  readonly where: Location
  #bytes = 0
  #count = 0
  #open: Buffer[] = []
  #kept = 0

  constructor(where: Location) {
    this.where = where
  }

  /** Bytes that were pushed. */
  get bytes(): number {
    return this.#bytes
  }

  /** Lines that have ended. */
  get count(): number {
    return this.#count
  }

  *push(chunk: Uint8Array): Generator<Line> {
    this.#bytes += chunk.length
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(LINE_FEED, from)
      this.#keep(chunk.subarray(from, end < 0 ? chunk.length : end))
      if (end < 0) return
      yield* this.#finish()
      from = end + 1
    }
  }

  /** The line that is open ends with this; nothing where none is. */
  *end(): Generator<Line> {
    if (this.#kept > 0) yield* this.#finish()
  }

  *#finish(): Generator<Line> {
    const text = Buffer.concat(this.#open).toString()
    this.#open = []
    this.#kept = 0
    this.#count += 1
    const at = { ...this.where, line: this.#count }
    // What a carriage return overwrites was said, too.
    for (const part of text.replaceAll(CONTROL, '').split('\r'))
      if (part !== '') yield { text: part.replace(STAMP, ''), at }
  }

  #keep(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, MAX_LINE_BYTES - this.#kept)
    if (kept.length === 0) return
    // A copy: what a stream gives may be written again.
    this.#open.push(Buffer.from(kept))
    this.#kept += kept.length
  }
}
