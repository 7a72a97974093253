// Secrets inside the bodies of files and manifests that a machine configuration carries: line by line, and by the fields
// of Kubernetes' Secrets.
import { HarnessError } from '../../errors.ts'
import { parseYamlNodes, type YamlEntry, type YamlNode } from '../../formats/yaml/nodes.ts'
import { isReference, isSecretName } from './names.ts'
import { isPrivateKey } from './shapes.ts'

/** `NAME=value`, `export NAME="value"`, `name: value`, `- name: value`. */
export const ASSIGNMENT =
  /^\s{0,200}(?:export\s{1,10}|-\s{1,10})?["']?([A-Za-z_][\w.-]{0,100})["']?\s{0,20}[:=]\s{0,20}(.*)$/
/** `"name": "value"` in JSON of one line. */
export const PAIR = /["']([A-Za-z_][\w.-]{0,100})["']\s{0,20}:\s{0,20}["']([^"']{1,4096})["']/g
/** `--password=value`, `--password value`; a flag behind a space is no value of the one before it. */
const FLAG = /(?<![\w-])--?([A-Za-z][A-Za-z-]{1,60})[= ]["']?((?!--?[A-Za-z])[^\s"']{1,512})/g
/** A name of Kubernetes: what `secret:` holds where a Secret is meant. */
const OBJECT_NAME = /^[a-z0-9]+(?:[.-][a-z0-9]+)+$/
/** Name and password of a registry, in docker's config.json. */
const BASIC = /^[A-Za-z0-9+/]{6,1024}={0,2}$/
/** More secrets of one body add nothing. */
const MAX_FOUND = 100

export type BodySecret = {
  readonly field: string
  /** The line in the body, from 0. */
  readonly line: number
}

/** Secrets in order of lines, each line once; `holds` says of a name and its value whether that is one. */
export function secretsInBody(body: string, holds = holdsSecret): readonly BodySecret[] {
  const found = new Map<number, BodySecret>()
  for (const [line, text] of body.split('\n').entries()) {
    if (found.size >= MAX_FOUND) break
    const field = secretInLine(text, holds)
    if (field !== undefined) found.set(line, { field, line })
  }
  for (const secret of secretsOfManifests(body)) if (!found.has(secret.line)) found.set(secret.line, secret)
  return [...found.values()].toSorted((a, b) => a.line - b.line)
}

/** The name that a line gives a secret to. */
function secretInLine(text: string, holds: typeof holdsSecret): string | undefined {
  const line = text.slice(0, 8192)
  if (isPrivateKey(line)) return 'a private key'
  const [, name = '', rest = ''] = ASSIGNMENT.exec(line) ?? []
  const pairs = [[name, bare(rest)], ...namesIn(line, PAIR), ...namesIn(line, FLAG)]
  return pairs.find(([key = '', value = '']) => holds(key, value))?.[0]
}

/** A flag that gives a secret: `--authkey`. */
export function secretInFlags(text: string): string | undefined {
  return namesIn(text, FLAG).find(([key, value]) => holdsSecret(key, value))?.[0]
}

/** The text with `put` for the value of each flag that gives a secret. */
export function replaceInFlags(text: string, put: string): string {
  return text.replace(FLAG, (whole: string, name: string, value: string) =>
    holdsSecret(name, value) ? `${whole.slice(0, whole.length - value.length)}${put}` : whole,
  )
}

/** True if a field of this name holds a secret, and no reference to one. */
export function holdsSecret(name: string, value: string): boolean {
  if (isPrivateKey(value)) return true
  if (name === 'auth') return BASIC.test(value) && Buffer.from(value, 'base64').includes(':')
  if (!isSecretName(name) || isReference(value)) return false
  // A flag in place of a value, as in `--token --other`.
  if (/^--?[a-z]/.test(value)) return false
  return !(/secret$/i.test(name) && OBJECT_NAME.test(value))
}

export function namesIn(line: string, pattern: RegExp): readonly (readonly [string, string])[] {
  return [...line.matchAll(pattern)].map(([, key = '', value = '']) => [key, value])
}

/** The text without quotes, a comma behind it and a comment. */
export function bare(text: string): string {
  const value = text.trim().replace(/,$/, '')
  const quoted = /^(["'])(.*)\1$/.exec(value)?.[2]
  return quoted ?? value.replace(/\s#.*$/, '').trim()
}

function secretsOfManifests(body: string): readonly BodySecret[] {
  if (!/^["']?kind["']?\s{0,20}:/m.test(body) || !body.includes('Secret')) return []
  let roots: readonly YamlNode[]
  try {
    roots = parseYamlNodes(Buffer.from(body))
  } catch (error) {
    // A template need not be YAML; the lines are looked at all the same.
    if (error instanceof HarnessError) return []
    throw error
  }
  return roots.flatMap((root) => {
    if (root.kind !== 'map' || textOf(root.entries.get('kind')) !== 'Secret') return []
    return [...entriesOf(root.entries.get('data'), true), ...entriesOf(root.entries.get('stringData'), false)]
  })
}

function entriesOf(entry: YamlEntry | undefined, isBase64: boolean): readonly BodySecret[] {
  if (entry?.value.kind !== 'map') return []
  return [...entry.value.entries].flatMap(([name, field]) => {
    const text = textOf(field)
    if (text === undefined || isReference(text)) return []
    if (isBase64 && isReference(Buffer.from(text, 'base64').toString('utf8'))) return []
    return [{ field: `${name} of a Secret`, line: field.keyAt.line - 1 }]
  })
}

function textOf(entry: YamlEntry | undefined): string | undefined {
  return entry?.value.kind === 'scalar' ? (entry.value.value ?? undefined) : undefined
}
