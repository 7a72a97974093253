// YAML documents as upstream's Go tools write them: https://yaml.org/spec/1.2.2/, core schema, no merge keys.
import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  Parser,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml'
import { FormatError, type FormatCode, type Location } from '../../errors.ts'

/** The largest genuine document is a schematic with an embedded configuration, some ten KiB. */
const MAX_BYTES = 4 << 20
/** Go's decoder stops at 10,000; nothing of Talos nests deeper than a dozen, and the composer recurses. */
const MAX_DEPTH = 100
/** Aliases per stream: more are not written by hand, and each costs a walk over the document (a "billion laughs" is one). */
const MAX_ALIASES = 100

export type YamlOptions = {
  /**
   * `text` gives every number and boolean as it is written, as Go does for a field of type string: a version `1.10` is
   * no number, and 20251021 neither. Null stays null.
   */
  readonly scalars?: 'typed' | 'text'
}

/**
 * The value of a stream of one document; null where it is empty. FormatError `yaml`: MALFORMED for a syntax error, a
 * duplicate key, an alias without anchor or inside itself, or more than one document; LIMIT_EXCEEDED for size, depth,
 * aliases.
 */
export function parseYaml(bytes: Uint8Array, where: Location = {}, options: YamlOptions = {}): unknown {
  const documents = parseYamlDocuments(bytes, where, options)
  if (documents.length > 1) throw malformed(where, `expected one document, got ${documents.length}`)
  return documents[0] ?? null
}

/** The values of all documents of a stream; errors as of parseYaml. */
export function parseYamlDocuments(
  bytes: Uint8Array,
  where: Location = {},
  options: YamlOptions = {},
): readonly unknown[] {
  return Array.from(composeYaml(bytes, where, options), ({ document }) => yamlValue(document, where))
}

/**
 * The documents of a stream as the composer leaves them, within the limits of this file; one at a time, so that a
 * stream with an error is read no further. For readers that need more than values: see yaml-document-nodes.ts.
 */
export function* composeYaml(
  bytes: Uint8Array,
  where: Location,
  options: YamlOptions = {},
): Generator<{ readonly document: Document.Parsed; readonly source: YamlSource }> {
  if (bytes.length > MAX_BYTES)
    throw new FormatError('yaml', 'LIMIT_EXCEEDED', `expected at most ${MAX_BYTES} bytes, got ${bytes.length}`, {
      at: where,
    })
  const source = { text: decode(bytes, where), where }
  // The composer's own check of unique keys compares each with each.
  const composer = new Composer({ uniqueKeys: false, version: '1.2', schema: 'core', keepSourceTokens: false })
  const budget = { aliases: MAX_ALIASES }
  for (const document of composer.compose(boundedTokens(source), false, source.text.length)) {
    const [problem] = document.errors
    if (problem !== undefined) throw failAt(source, 'MALFORMED', problem.message, problem.pos[0], problem)
    inspect(document, source, budget, options.scalars === 'text')
    yield { document, source }
  }
}

/** Text that was decoded from bytes, and where those are. */
export type YamlSource = { readonly text: string; readonly where: Location }

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array, where: Location): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw new FormatError('yaml', 'MALFORMED', 'expected UTF-8', { at: where, cause })
  }
}

/** Tokens of the concrete syntax, cut off before anything recurses over them. */
function* boundedTokens(source: YamlSource) {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(source.text)) {
    if (parser.stack.length > MAX_DEPTH)
      throw failAt(source, 'LIMIT_EXCEEDED', `expected at most ${MAX_DEPTH} levels`, parser.offset)
    yield* parser.next(lexeme)
  }
  yield* parser.end()
}

/** One walk for what the composer does not check in bounded time. */
function inspect(document: Document.Parsed, source: YamlSource, budget: { aliases: number }, asText: boolean): void {
  const open = new Set<string>()
  const visit = (node: unknown): void => {
    if (isPair(node)) {
      visit(node.key)
      visit(node.value)
    } else if (isAlias(node)) {
      if (--budget.aliases < 0)
        throw failAt(source, 'LIMIT_EXCEEDED', `expected at most ${MAX_ALIASES} aliases`, startOf(node))
      if (open.has(node.source))
        throw failAt(source, 'MALFORMED', `alias ${node.source} is inside its own anchor`, startOf(node))
    } else if (isCollection(node)) {
      const { anchor } = node
      if (anchor !== undefined) open.add(anchor)
      if (isMap(node)) assertUniqueKeys(node, source)
      for (const item of node.items) visit(item)
      if (anchor !== undefined) open.delete(anchor)
    } else if (asText && isScalar(node) && (typeof node.value === 'number' || typeof node.value === 'boolean')) {
      node.value = node.source ?? String(node.value)
    }
  }
  visit(document.contents)
}

function assertUniqueKeys(map: YAMLMap, source: YamlSource): void {
  const seen = new Set<unknown>()
  for (const { key } of map.items) {
    if (!isScalar(key)) throw failAt(source, 'MALFORMED', 'expected a scalar as key', startOf(key as Node))
    if (seen.has(key.value)) throw failAt(source, 'MALFORMED', `duplicate key ${String(key.value)}`, startOf(key))
    seen.add(key.value)
  }
}

/** The plain value of a document; MALFORMED for an alias without anchor, or aliases that expand without end. */
export function yamlValue(document: Document.Parsed, where: Location): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    if (cause instanceof ReferenceError) throw malformed(where, cause.message, cause)
    throw cause
  }
}

function startOf(node: Node | Alias | null): number {
  return node?.range?.[0] ?? 0
}

/** A FormatError at a position of the text, which it gives as an offset in bytes. */
export function failAt(
  source: YamlSource,
  code: FormatCode,
  message: string,
  position: number,
  cause?: unknown,
): FormatError {
  const offset = Buffer.byteLength(source.text.slice(0, position))
  return new FormatError('yaml', code, message, { at: { ...source.where, offset }, cause })
}

function malformed(where: Location, message: string, cause?: unknown): FormatError {
  return new FormatError('yaml', 'MALFORMED', message, { at: where, cause })
}
