// The lines of a serial console: without terminal control and other characters that show nothing, and without the kernel's
// time stamps, each of them cut to what a line of Talos can have.
import type { Location } from '../../errors.ts'

type Line = { readonly text: string; readonly at: Location }

/** Bytes of a line that are kept; the kernel's own are at most 1024 (K include/linux/printk.h, LOG_LINE_MAX). */
const MAX_LINE_BYTES = 4096
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** ECMA-48: control sequences, operating system commands, escapes of three characters such as `ESC ( B`, and of two. */
// oxlint-disable-next-line no-control-regex -- a terminal's
const ESCAPE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[^[\]])/g
/** Control characters but the tab, and the separators of lines that are none on a console. */
const CONTROL = /[^\P{Cc}\t]|[\u2028\u2029]/gu
/** `[    1.302456] `, with the caller where the kernel prints it, behind what a terminal server puts before it. */
const STAMP = /^.{0,80}?\[ *\d+\.\d{6}\](?:\[ *[CT]\d+\])? /

/** Splits what is pushed; lines are counted from 1 by their line feeds. */
export class ConsoleLines {
  readonly where: Location
  #bytes = 0
  #count = 0
  #open: Buffer[] = []
  #kept = 0
  #isOpen = false

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
    // A serial port that is plugged, and UTF-16, fill with NUL: of the room of a line it may take none.
    const bytes = chunk.includes(0) ? chunk.filter((byte) => byte !== 0) : chunk
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(LINE_FEED, from)
      yield* this.#pushLine(bytes.subarray(from, end < 0 ? bytes.length : end))
      if (end < 0) return
      yield* this.#finish()
      this.#endLine()
      from = end + 1
    }
  }

  /** What a carriage return overwrites was said, too; some consoles have no other end of a line. */
  *#pushLine(bytes: Uint8Array): Generator<Line> {
    this.#isOpen ||= bytes.length > 0
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(CARRIAGE_RETURN, from)
      this.#keep(bytes.subarray(from, end < 0 ? bytes.length : end))
      if (end < 0) return
      yield* this.#finish()
      from = end + 1
    }
  }

  /** The line that is open ends with this; nothing where none is. */
  *end(): Generator<Line> {
    yield* this.#finish()
    if (this.#isOpen) this.#endLine()
  }

  #endLine(): void {
    this.#count += 1
    this.#isOpen = false
  }

  *#finish(): Generator<Line> {
    if (this.#kept === 0) return
    const text = Buffer.concat(this.#open).toString().replaceAll(ESCAPE, '').replaceAll(CONTROL, '')
    this.#open = []
    this.#kept = 0
    if (text !== '') yield { text: text.replace(STAMP, ''), at: { ...this.where, line: this.#count + 1 } }
  }

  #keep(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, MAX_LINE_BYTES - this.#kept)
    if (kept.length === 0) return
    // A copy: what a stream gives may be written again.
    this.#open.push(Buffer.from(kept))
    this.#kept += kept.length
  }
}
