// The documents of a YAML stream as go-yaml composes them, each node with its place.
import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Document,
  type Node,
  type ParsedNode,
  type Scalar,
  type YAMLParseError,
} from 'yaml'
import { takesColon } from '../../formats/yaml/go-text.ts'
import type { YamlPlace } from '../../formats/yaml/nodes.ts'
import { decodeBase64 } from '../go/formats.ts'
import type { GoNode } from './node.ts'
import { resolvePlain } from './tag.ts'
import { TabWatch } from './tabs.ts'
import { decodeGoText, yamlError, type GoText } from './text.ts'

/** go-yaml stops at 10,000; the composer recurses, and nothing of Talos nests deeper than a dozen. */
const MAX_DEPTH = 1000
const LONG_TAG = 'tag:yaml.org,2002:'

/** The roots of all documents of a stream. FormatError `yaml` with `at.path` `file:line:column`. */
export function parseGoYaml(bytes: Uint8Array, path: string): readonly GoNode[] {
  const source = decodeGoText(bytes, path)
  refuseDirectives(source)
  const composer = new Composer({
    uniqueKeys: false,
    version: '1.2',
    schema: 'failsafe',
    keepSourceTokens: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  })
  // Anchors hold for the rest of the stream, other documents included.
  const anchors = new Map<string, { node: GoNode | undefined }>()
  const documents: GoNode[] = []
  for (const document of composer.compose(boundedTokens(source), false, source.text.length)) {
    const problem = document.errors.find((error) => !isForgiven(error))
    if (problem !== undefined) throw yamlError('MALFORMED', source.placeOf(problem.pos[0]), messageOf(problem))
    documents.push(toGoNode(document, source, anchors))
  }
  return documents
}

/** Text that npm's parser refuses and go-yaml does not. */
function isForgiven({ code }: YAMLParseError): boolean {
  return code === 'BAD_PROP_ORDER'
}

function messageOf({ message }: YAMLParseError): string {
  const [first = message] = message.split('\n')
  return first.replace(/ at line \d+, column \d+:?$/, '')
}

/** go-yaml knows YAML 1.1 alone and refuses any other number. */
function refuseDirectives({ text, placeOf }: GoText): void {
  const match = /^%YAML[ \t]+(?!1\.1[ \t]*(#.*)?$)/m.exec(text)
  if (
    match !== null &&
    text
      .slice(0, match.index)
      .split('\n')
      .every((line) => /^(\s*(#.*)?|%.*|\.\.\..*)$/.test(line))
  )
    throw yamlError('MALFORMED', placeOf(match.index), 'expected %YAML 1.1 or no directive, got another version')
}

/** Tokens of the concrete syntax, cut off before anything recurses over them. */
function* boundedTokens({ text, placeOf }: GoText) {
  const parser = new Parser()
  const tabs = new TabWatch()
  for (const lexeme of new Lexer().lex(text)) {
    if (parser.stack.length > MAX_DEPTH)
      throw yamlError('LIMIT_EXCEEDED', placeOf(parser.offset), `expected at most ${MAX_DEPTH} levels`)
    if (tabs.refuses(lexeme))
      throw yamlError('MALFORMED', placeOf(parser.offset), 'expected spaces as indentation, got a tab')
    yield* parser.next(lexeme)
  }
  yield* parser.end()
}

type Anchors = Map<string, { node: GoNode | undefined }>

function toGoNode(document: Document.Parsed, source: GoText, anchors: Anchors): GoNode {
  const convert = (node: ParsedNode | null, beside: number): GoNode => {
    const position = node?.range[0] ?? beside
    const at = source.placeOf(position)
    if (node === null) return { kind: 'scalar', text: '', tag: '!!null', at }
    if (isAlias(node)) {
      const anchor = anchors.get(node.source)
      if (anchor === undefined)
        throw yamlError('MALFORMED', at, `expected an anchor &${node.source} before its alias, got none`)
      return { kind: 'alias', name: node.source, target: () => anchor.node, at }
    }
    const anchor: { node: GoNode | undefined } = { node: undefined }
    if (node.anchor !== undefined) anchors.set(node.anchor, anchor)
    anchor.node = build(node, position, at)
    return anchor.node
  }
  const build = (node: ParsedNode, position: number, at: YamlPlace): GoNode => {
    if (isMap(node)) {
      const pairs = node.items.map(({ key, value }) => {
        const keyNode = key as ParsedNode | null
        if (node.flow === true && keyNode !== null && takesColon(keyNode, source.text))
          throw yamlError(
            'MALFORMED',
            source.placeOf(keyNode.range[1]),
            'expected a space behind the colon of a key in a flow',
          )
        return {
          key: convert(keyNode, position),
          value: convert(value as ParsedNode | null, keyNode?.range[0] ?? position),
        }
      })
      return { kind: 'map', pairs, at }
    }
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => convert(item as ParsedNode | null, position)), at }
    const text = isScalar(node) && typeof node.value === 'string' ? node.value : ''
    const tag = tagOf(node as Scalar, text)
    // Bytes in base64 are text to go-yaml; what is none keeps the tag, and fits no field.
    const bytes = tag === '!!binary' ? decodeBase64(text) : undefined
    if (bytes !== undefined) return { kind: 'scalar', text: bytes.toString(), tag: '!!str', at }
    return { kind: 'scalar', text, tag, at }
  }
  return convert(document.contents as ParsedNode | null, startOf(document))
}

function tagOf(node: Scalar, text: string): string {
  const tag = (node as Node & { tag?: string }).tag
  if (tag !== undefined && tag !== '!') return tag.startsWith(LONG_TAG) ? `!!${tag.slice(LONG_TAG.length)}` : tag
  if (node.type !== 'PLAIN' && node.type !== undefined) return '!!str'
  return resolvePlain(text).tag
}

/** The start of a document without content. */
function startOf(document: Document.Parsed): number {
  return document.range[0]
}
