// Machine configurations and what nodes say, without the values of secrets, for keeping: what is no secret stays byte for
// byte. It is stricter than the rules: what may be a secret goes, and bodies of files, of which nobody knows what they are.
import { isMap, isScalar, visit, type Node, type Scalar } from 'yaml'
import { composeYaml } from '../formats/yaml/document.ts'
import { CRI_PART } from './node-facts.ts'
import { redactArguments } from './redact-arguments.ts'
import { replaceInFlags, secretsInBody } from './secrets/bodies.ts'
import { isReference, isSecretName } from './secrets/names.ts'
import { isPrivateKey, shapesIn } from './secrets/shapes.ts'

/** The placeholder of upstream's own redaction: siderolabs/talos pkg/machinery/config/container, RedactSecrets. */
export const REDACTED = '******'

const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]{0,100})=(.*)$/s
/** Keys whose values are secrets in Talos' documents, whatever their name says elsewhere: registries, certificates, headers. */
const SECRET_KEY = /^(?:auth|secret|key|(?:proxy-)?authorization|cookie)$/i
/** Variables that let in though their names do not say so outright: NB_SETUP_KEY, GH_PAT. */
const SECRET_VARIABLE = /^(?:[A-Z0-9]+_)*(?:KEY|PAT|PASS|PWD|AUTH|DSN|JWT|PIN|SEED)$/
/** Variables of the one service whose programs are known; of every other service values are not kept. */
const KNOWN_VARIABLE = /^TS_[A-Z_]+$/
/** Bodies of files and manifests. */
const BODY_KEY = /^contents?$/

/** The text with `******` for each value of a secret. FormatError `yaml` for what is none, or too large. */
export function redactConfig(text: string): string {
  const cuts: { readonly from: number; readonly to: number; readonly text: string }[] = []
  const bytes = Buffer.from(text)
  for (const { document, source } of composeYaml(bytes, {}, { scalars: 'text' }))
    visit(document, {
      Scalar(key, node, path) {
        const redacted = key === 'key' ? undefined : redactScalar(String(node.value ?? ''), path)
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

/** `path` leads from the document to the scalar: a pair that it is the value of, or a list and the pair of that. */
function redactScalar(value: string, path: readonly unknown[]): string | undefined {
  if (keyOf(path.at(-2)) === 'environment') return changed(value, redactVariable(value))
  const key = keyOf(path.at(-1))
  const own = path.at(-2)
  if (BODY_KEY.test(key) && value.trim() !== '' && !isCriPart(own) && !isReference(value)) return REDACTED
  // `- name: DB_PASSWORD` and `value: …` of a container.
  const name = key === 'value' ? siblingOf(own, 'name') : ''
  return redactValue(name === '' ? key : name, value)
}

function isCriPart(map: unknown): boolean {
  return siblingOf(map, 'path') === CRI_PART || siblingOf(map, 'kind') === 'CRICustomizationConfig'
}

function siblingOf(map: unknown, key: string): string {
  const found = isMap(map) ? map.items.find((pair) => keyOf(pair) === key)?.value : undefined
  return isScalar(found) ? String(found.value ?? '') : ''
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
  if (isNameOfSecret(name) && !isElsewhere(value)) return REDACTED
  if (value.includes('\n') || value.length > 4096)
    return secretsInBody(value).length > 0 || isPrivateKey(value) || hasShape(value) ? REDACTED : undefined
  return changed(value, redactText(value))
}

function changed(value: string, redacted: string): string | undefined {
  return redacted === value ? undefined : redacted
}

function isNameOfSecret(name: string): boolean {
  return SECRET_KEY.test(name) || SECRET_VARIABLE.test(name) || isSecretName(name)
}

/** True for a value that stands for a secret or for none; a path may be one. */
function isElsewhere(value: string): boolean {
  return isReference(value) && !value.trim().startsWith('/')
}

function hasShape(value: string): boolean {
  return value.split('\n').some((line) => shapesIn(line).length > 0)
}

/** `NAME=value` for an extension's service. */
export function redactVariable(text: string): string {
  const [, name = '', value = ''] = VARIABLE.exec(text) ?? []
  if (name === '' || KNOWN_VARIABLE.test(name)) return redactText(text)
  return isReference(value) || /^\d{0,9}$/.test(value) ? text : `${name}=${REDACTED}`
}

/** One line of text: a variable, flags, words; each without what is a secret by its name or its shape. */
export function redactText(value: string): string {
  if (isPrivateKey(value)) return REDACTED
  const [, name = '', rest = ''] = VARIABLE.exec(value) ?? []
  if (name !== '' && isNameOfSecret(name) && !isElsewhere(rest)) return `${name}=${REDACTED}`
  const text = redactArguments(replaceInFlags(value, REDACTED), REDACTED)
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
