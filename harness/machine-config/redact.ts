// Machine configurations without the values of their secrets, for keeping: what is no secret stays byte for byte.
import { isScalar, visit, type Node, type Scalar } from 'yaml'
import { composeYaml } from '../formats/yaml/document.ts'
import { replaceInFlags, secretsInBody } from './secrets/bodies.ts'
import { isReference, isSecretName } from './secrets/names.ts'
import { isPrivateKey, shapesIn } from './secrets/shapes.ts'

/** The placeholder of upstream's own redaction: siderolabs/talos pkg/machinery/config/container, RedactSecrets. */
export const REDACTED = '******'

const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]{0,100})=(.*)$/s
/** Keys whose values are secrets in Talos' documents, whatever their name says elsewhere: registries and certificates. */
const SECRET_KEY = /^(?:auth|secret|key)$/

/** The text with `******` for each value of a secret. FormatError `yaml` for what is none, or too large. */
export function redactConfig(text: string): string {
  const cuts: { readonly from: number; readonly to: number; readonly text: string }[] = []
  const bytes = Buffer.from(text)
  for (const { document, source } of composeYaml(bytes, {}, { scalars: 'text' }))
    visit(document, {
      Scalar(key, node, path) {
        const name = key === 'value' ? keyOf(path.at(-1)) : ''
        const redacted = key === 'key' ? undefined : redactValue(name, String(node.value ?? ''))
        const range = spanOf(node, source.text)
        if (redacted === undefined || range === undefined) return
        cuts.push({ from: range[0], to: range[1], text: JSON.stringify(redacted) })
      },
    })
  let result = text
  for (const { from, to, text: put } of cuts.toSorted((a, b) => b.from - a.from))
    result = result.slice(0, from) + put + (result.slice(from, to).endsWith('\n') ? '\n' : '') + result.slice(to)
  return result.split('\n').map(redactComment).join('\n')
}

function keyOf(parent: unknown): string {
  const { key } = (parent ?? {}) as { key?: Node | null }
  return isScalar(key) ? String(key.value) : ''
}

function spanOf({ range }: Scalar, text: string): readonly [number, number] | undefined {
  return range === null || range === undefined || range[1] > text.length ? undefined : [range[0], range[1]]
}

/** The value in place of one that is or has a secret; undefined for one that is none. */
function redactValue(name: string, value: string): string | undefined {
  if ((SECRET_KEY.test(name) || isSecretName(name)) && !isReference(value)) return REDACTED
  if (value.includes('\n') || value.length > 4096)
    return secretsInBody(value).length > 0 || isPrivateKey(value) || hasShape(value) ? REDACTED : undefined
  const redacted = redactText(value)
  return redacted === value ? undefined : redacted
}

function hasShape(value: string): boolean {
  return value.split('\n').some((line) => shapesIn(line).length > 0)
}

/** One line of text: a variable, flags, words; each without what is a secret by its name or its shape. */
export function redactText(value: string): string {
  if (isPrivateKey(value)) return REDACTED
  const [, name = '', rest = ''] = VARIABLE.exec(value) ?? []
  if (name !== '' && isSecretName(name) && !isReference(rest)) return `${name}=${REDACTED}`
  const text = replaceInFlags(value, REDACTED)
  if (shapesIn(text).length === 0) return text
  const words = text.split(' ').map((word) => (shapesIn(word).length > 0 ? REDACTED : word))
  return shapesIn(words.join(' ')).length > 0 ? REDACTED : words.join(' ')
}

/** A comment is no value; what it says may be one all the same. */
function redactComment(line: string): string {
  const at = line.search(/(?:^|\s)#/)
  if (at < 0) return line
  const comment = line.slice(at)
  return secretsInBody(comment.replaceAll('#', ' ')).length > 0 || shapesIn(comment).length > 0
    ? `${line.slice(0, at)} # ${REDACTED}`
    : line
}
