// JSON as every client of an image reads it. Node and Go read most texts alike; where they do not, the text says one
// thing here and another on the node: this reader names each such place and lets the caller decide.
import type { z } from 'zod'
import { FormatError, type Location } from '../errors.ts'
import { ANY, shapeOf } from './shape.ts'
import { folding, type Spelling } from './spelling.ts'
import { tokensOf } from './tokens.ts'
import { startWalk, type JsonProblem } from './walk.ts'

export type JsonText = {
  readonly value: unknown
  /** Problems in the order of the text. */
  readonly problems: readonly JsonProblem[]
  /** True for a text as json.Marshal of Go writes it: no blank space, no escape that is not needed. */
  readonly compact: boolean
  /** Pointers of keys that are no field of the schema. */
  readonly unknown: readonly string[]
}

export type JsonOptions = {
  readonly maxBytes: number
  /** Says which keys are fields; without it only keys that are there twice are problems. */
  readonly schema?: z.ZodType | undefined
  readonly spelling?: Spelling | undefined
}

/** encoding/json of Go stops at 10,000; nothing genuine nests deeper than a dozen. */
const MAX_DEPTH = 100
/** A byte order mark is no blank space to Go, so it is kept, and refused. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The value of a text, and where others read it otherwise: a key that is there twice, a field in another spelling, a
 * number of a whole field with a fraction or an exponent, half a surrogate pair. FormatError `name`: LIMIT_EXCEEDED
 * above `maxBytes` or 100 levels, MALFORMED for what is no JSON in UTF-8.
 */
export function readJson(bytes: Uint8Array, name: string, where: Location, options: JsonOptions): JsonText {
  const { maxBytes, schema, spelling = 'go' } = options
  if (bytes.length > maxBytes)
    throw new FormatError(name, 'LIMIT_EXCEEDED', `expected at most ${maxBytes} bytes, got ${bytes.length}`, {
      at: where,
    })
  const { text, value } = parse(bytes, name, where)
  const walk = startWalk(folding(spelling), schema === undefined ? ANY : shapeOf(schema))
  for (const token of tokensOf(text))
    if (walk.take(token) > MAX_DEPTH)
      throw new FormatError(name, 'LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} levels`, {
        at: { ...where, offset: Buffer.byteLength(text.slice(0, token.at)) },
      })
  const { problems, compact, unknown } = walk.end()
  return { value, problems, compact: compact && !/\s$/.test(text), unknown }
}

function parse(bytes: Uint8Array, name: string, where: Location): { readonly text: string; readonly value: unknown } {
  try {
    const text = strictUtf8.decode(bytes)
    return { text, value: JSON.parse(text) }
  } catch (cause) {
    // SyntaxError of JSON.parse, TypeError of the decoder, RangeError where nesting is too deep for either
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FormatError(name, 'MALFORMED', `expected JSON in UTF-8: ${reason}`, { at: where, cause })
  }
}
