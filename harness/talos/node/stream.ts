// A stream of JSON documents, one behind the other, as `talosctl get RESOURCE -o json` prints them: siderolabs/talos
// cmd/talosctl/cmd/talos/output/json.go.
import { FormatError, type Location } from '../../errors.ts'
import { readJson } from '../../json/document.ts'

/** One document of the stream with the place of its first character. */
export type StreamDocument = { readonly value: unknown; readonly at: Location }

/** A cluster of a thousand nodes with all their modules fits. */
export const MAX_STREAM_BYTES = 64 << 20
const MAX_DOCUMENTS = 200_000
const MAX_DEPTH = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = new Set([0x7b, 0x5b])
const CLOSE = new Set([0x7d, 0x5d])
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d])
const LINE_END = 0x0a

/**
 * The documents of a stream; none of an empty one. FormatError `talosctl`: LIMIT_EXCEEDED above 64 MiB, 200,000
 * documents or 64 levels, TRUNCATED where the last document does not end, MALFORMED for what is no JSON object in UTF-8,
 * and for a key that is there twice.
 */
export function readJsonStream(bytes: Uint8Array, path: string): readonly StreamDocument[] {
  if (bytes.length > MAX_STREAM_BYTES)
    throw failure('LIMIT_EXCEEDED', `expected at most ${MAX_STREAM_BYTES} bytes, got ${bytes.length}`, { path })
  const documents: StreamDocument[] = []
  for (const { from, to, line } of spansOf(bytes, path)) {
    const at = { path, line, column: 1 }
    if (documents.length >= MAX_DOCUMENTS)
      throw failure('LIMIT_EXCEEDED', `expected at most ${MAX_DOCUMENTS} documents`, at)
    documents.push({ value: parse(bytes.subarray(from, to), at), at })
  }
  return documents
}

type Span = { readonly from: number; readonly to: number; readonly line: number }

function* spansOf(bytes: Uint8Array, path: string): Generator<Span> {
  let [depth, from, start, line] = [0, 0, 1, 1]
  let isText = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === LINE_END) line += 1
    if (isText) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) isText = false
      continue
    }
    if (depth === 0) {
      if (BLANK.has(byte)) continue
      if (byte !== 0x7b)
        throw failure('MALFORMED', 'expected JSON objects one behind the other, got another character between them', {
          path,
          line,
          offset: at,
        })
      ;[from, start] = [at, line]
    }
    if (byte === QUOTE) isText = true
    else if (OPEN.has(byte)) depth += 1
    else if (CLOSE.has(byte)) depth -= 1
    if (depth > MAX_DEPTH) throw failure('LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} levels`, { path, line })
    if (depth === 0) yield { from, to: at + 1, line: start }
  }
  if (depth > 0) throw failure('TRUNCATED', 'the last document does not end', { path, line: start, offset: from })
}

function parse(bytes: Uint8Array, at: Location): unknown {
  const { value, problems } = readJson(bytes, 'talosctl', at, { maxBytes: MAX_STREAM_BYTES })
  const [problem] = problems
  if (problem !== undefined) throw failure('MALFORMED', `${problem.pointer}: ${problem.message}`, at)
  return value
}

function failure(code: 'LIMIT_EXCEEDED' | 'TRUNCATED' | 'MALFORMED', message: string, at: Location): FormatError {
  return new FormatError('talosctl', code, message, { at })
}
