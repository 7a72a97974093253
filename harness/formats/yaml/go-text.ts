// YAML that Go reads as we do: what go-yaml reads otherwise than the parser that is used here, or not at all, is
// refused by its text before anything is parsed, and by its nodes before anything is made of them. The readers of
// gopkg.in/yaml.v3 v3.0.1 and go.yaml.in/yaml/v4 rc.3 to rc.6 are alike in all that is left.
import { isAlias, isCollection, isNode, isScalar, visit, type Document, type Node, type Scalar } from 'yaml'
import type { FormatError, Location } from '../../errors.ts'
import { composeYaml, failAt, yamlValue, type YamlSource } from './document.ts'

/**
 * Line breaks to go-yaml that YAML 1.2 takes for text, characters that it refuses, and carriage returns by themselves.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const REFUSED = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)/u
const DIRECTIVE = /^%/m
/** A tab that could be taken for indentation, or for the end of an indicator. */
const ODD_TAB = /^(?:[^\n]*[-?:,[\]{}|>&*!'"#]|) *\t/m
/** Names of anchors that go-yaml accepts. */
const ANCHOR = /^[0-9A-Za-z_-]+$/

/**
 * The value of a stream of one document, scalars as text; null where it is empty. Errors as of parseYaml, and
 * FormatError MALFORMED, which says what and where, for a text that Go does not read so.
 */
export function parseGoYaml(bytes: Uint8Array, where: Location = {}): unknown {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  assertText({ text, where })
  const values: unknown[] = []
  for (const { document, source } of composeYaml(bytes, where, { scalars: 'text' })) {
    if (values.length > 0) throw refuse(source, 'expected one document, got another', document.range[0])
    assertNodes(document, source)
    values.push(yamlValue(document, where))
  }
  return values[0] ?? null
}

function assertText(source: YamlSource): void {
  const { text } = source
  const refused = REFUSED.exec(text)
  if (refused !== null) throw refuse(source, `expected text that Go reads, got ${nameOf(refused[0])}`, refused.index)
  const directive = DIRECTIVE.exec(text)
  if (directive !== null) throw refuse(source, 'expected no line that begins with %', directive.index)
  const tab = ODD_TAB.exec(text)
  if (tab !== null) throw refuse(source, 'expected spaces before a value, got a tab', tab.index + tab[0].length - 1)
}

function assertNodes(document: Document.Parsed, source: YamlSource): void {
  visit(document, (key, node, path) => {
    if (!isNode(node)) return
    const at = node.range?.[0] ?? 0
    const { tag } = node as { readonly tag?: string }
    if (tag !== undefined) throw refuse(source, `expected no tag, got ${tag.slice(0, 80)}`, at)
    const anchor = isAlias(node) ? node.source : (node as { readonly anchor?: string }).anchor
    if (anchor !== undefined && !ANCHOR.test(anchor))
      throw refuse(source, `expected an anchor of letters and digits, got ${anchor.slice(0, 80)}`, at)
    const isInFlow = path.some((parent) => isCollection(parent) && parent.flow === true)
    if (isInFlow && isScalar(node) && node.type === 'PLAIN' && /^:|\?(?:\s|$)/.test(node.source ?? ''))
      throw refuse(source, 'expected quotes around a text with a colon before it or a question mark in it', at)
    if (key === 'key') assertKey(node, source, at)
    if (key === 'key' && isInFlow && takesColon(node, source.text))
      throw refuse(source, 'expected a space behind the colon of a key in a flow', node.range?.[1] ?? at)
    if (isScalar(node) && node.type === 'QUOTE_DOUBLE') assertEscapes(node, source, at)
  })
}

/**
 * True of a plain key in a flow whose colon an indicator follows at once, as in `{a:}`: gopkg.in/yaml.v3 v3.0.1 and
 * go.yaml.in/yaml/v4 up to rc.4 take the colon into the key, later ones do not (scannerc.go, scanPlainScalar).
 */
export function takesColon(key: Node, text: string): boolean {
  return (
    isScalar(key) && key.type === 'PLAIN' && /^:[,[\]{}]/.test(text.slice(key.range?.[1], (key.range?.[1] ?? 0) + 2))
  )
}

/** A key that is not there is one that go-yaml does not find; a merge key is one that it follows. */
function assertKey(node: Node, source: YamlSource, at: number): void {
  if (!isScalar(node)) throw refuse(source, 'expected a scalar as key', at)
  if (node.value === '<<') throw refuse(source, 'expected no merge key', at)
  if (node.source === '' && node.type === 'PLAIN') throw refuse(source, 'expected a key before the colon', at)
}

/** JSON's escape of a slash is none to go-yaml of version 3. */
function assertEscapes({ range }: Scalar, { text, where }: YamlSource, at: number): void {
  const written = text.slice(at, range?.[1])
  if (/(?<!\\)(?:\\\\)*\\\//.test(written)) throw refuse({ text, where }, 'expected no escaped slash', at)
}

function refuse(source: YamlSource, message: string, position: number): FormatError {
  return failAt(source, 'MALFORMED', message, position)
}

function nameOf(character: string): string {
  if (character === '\r') return 'a carriage return without a line feed'
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
