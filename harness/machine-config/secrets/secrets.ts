// Texts in the files of a machine configuration that look like secrets: by the field that holds it, or by its own
// shape. Values never leave this module.
import type { YamlMap, YamlNode, YamlPlace } from '../../formats/yaml/nodes.ts'
import { secretInFlags, secretsInBody } from './bodies.ts'
import { secretsInComments } from './comments.ts'
import { secretsInLists } from './lists.ts'
import { isReference, isSecretName } from './names.ts'
import { isPrivateKey, shapesIn } from './shapes.ts'

export type SecretLike = {
  /** `machine/token`, `TS_AUTHKEY`, or what it looks like: `a Tailscale key`. */
  readonly field: string
  /** Keys and tokens that Talos itself generates, or something else. */
  readonly owner: 'talos' | 'person'
  readonly at: YamlPlace
}

type File = {
  readonly path: string
  readonly text: string
  readonly documents: readonly { readonly kind: string | undefined; readonly root: YamlMap }[]
}

/**
 * Fields that `talosctl gen config` writes itself (siderolabs/talos pkg/machinery/config/generate), list indices as
 * `*`.
 */
const TALOS_OWN = new Set([
  'machine/token',
  'machine/ca/key',
  'cluster/token',
  'cluster/secret',
  'cluster/aescbcEncryptionSecret',
  'cluster/secretboxEncryptionSecret',
  'cluster/ca/key',
  'cluster/aggregatorCA/key',
  'cluster/etcd/ca/key',
  'cluster/serviceAccount/key',
  'DiscoveryIdentityConfig/clusterSecret',
  'KubeAPIServerCAConfig/issuingCA/key',
  'KubeAggregatorCAConfig/issuingCA/key',
  'KubeServiceAccountConfig/issuer/privateKey',
  'KubeEtcdEncryptionConfig/config/resources/*/providers/*/secretbox/keys/*/secret',
  'KubeEtcdEncryptionConfig/config/resources/*/providers/*/aescbc/keys/*/secret',
])

/** Keys of Talos' documents whose value is a secret, whatever their name says elsewhere: registries. */
const SECRET_FIELD = /^(?:auth|secret)$/
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]{0,100})=(.*)$/s

/** Secrets in the order of the files; a line that is reported by its field is not reported by its shape again. */
export function findSecrets(files: readonly File[]): readonly SecretLike[] {
  return files.flatMap((file) => {
    const text = file.text.split('\n')
    const fields = file.documents.flatMap(({ kind, root }) => secretsOfFields(kind, root, text))
    const lines = new Set(fields.map(({ at }) => at.line))
    const listed = file.documents.flatMap(({ root }) => secretsOfLists(root)).filter(({ at }) => !lines.has(at.line))
    for (const { at } of listed) lines.add(at.line)
    const shapes = secretsByShape(file).filter(({ at }) => !lines.has(at.line))
    for (const { at } of shapes) lines.add(at.line)
    const comments = secretsOfComments(file).filter(({ at }) => !lines.has(at.line))
    return [...fields, ...listed, ...shapes, ...comments].toSorted((a, b) => a.at.line - b.at.line)
  })
}

function secretsOfFields(kind: string | undefined, root: YamlMap, lines: readonly string[]): readonly SecretLike[] {
  const found: SecretLike[] = []
  // Aliases lead to one node more than once; its value is in the file once.
  const seen = new Set<YamlNode>()
  const visit = (node: YamlNode, path: string, key: string): void => {
    if (seen.has(node)) return
    seen.add(node)
    if (node.kind === 'map') for (const [name, { value }] of node.entries) visit(value, join(path, name), name)
    else if (node.kind === 'list') for (const item of node.items) visit(item, join(path, '*'), '')
    else if (node.value !== null) found.push(...secretsOfText(path, key, { text: node.value, at: node.at, lines }))
  }
  visit(root, kind ?? '', '')
  return found
}

function secretsOfLists(root: YamlMap): readonly SecretLike[] {
  return secretsInLists(root).map(({ field, at }) => ({ field, owner: 'person', at }))
}

type PlacedBody = { readonly text: string; readonly at: YamlPlace; readonly lines: readonly string[] }

function secretsOfText(path: string, key: string, body: PlacedBody): readonly SecretLike[] {
  const { text, at } = body
  if (TALOS_OWN.has(path)) return isReference(text) ? [] : [{ field: path, owner: 'talos', at }]
  if (/^\s*(?:-----BEGIN|LS0t)/.test(text) && isPrivateKey(text)) return [{ field: path, owner: 'person', at }]
  if (text.includes('\n'))
    return secretsInBody(text).map(({ field, line }) => ({ field, owner: 'person', at: placeInBody(body, line) }))
  const [, name = key, value = text] = VARIABLE.exec(text) ?? []
  if ((SECRET_FIELD.test(name) || isSecretName(name)) && !isReference(value))
    return [{ field: name === key ? path : name, owner: 'person', at }]
  const flag = secretInFlags(text)
  return flag === undefined ? [] : [{ field: `--${flag}`, owner: 'person', at }]
}

/** The line of a body in the file, where it is there as it is; else the place of the scalar. */
function placeInBody({ text, at, lines }: PlacedBody, line: number): YamlPlace {
  const wanted = text.split('\n')[line]?.trim() ?? ''
  // The lines of a block scalar are below its `|`.
  const below = at.line + line
  const column = wanted === '' ? -1 : (lines[below]?.indexOf(wanted) ?? -1)
  return column < 0 ? at : { path: at.path, line: below + 1, column: column + 1 }
}

function secretsByShape({ path, text }: File): readonly SecretLike[] {
  return text.split('\n').flatMap((line, index) =>
    shapesIn(line).map(({ field, column }) => ({
      field,
      owner: 'person' as const,
      at: { path, line: index + 1, column },
    })),
  )
}

function secretsOfComments({ path, text }: File): readonly SecretLike[] {
  return secretsInComments(text).map(({ field, isGenerated, line, column }) => ({
    field: `${field} in a comment`,
    owner: isGenerated ? ('talos' as const) : ('person' as const),
    at: { path, line, column },
  }))
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`
}
