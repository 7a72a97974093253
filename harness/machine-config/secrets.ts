// What in the files of a machine configuration looks like a secret: by the field that holds it, or by its own shape.
// Values never leave this module.
import type { YamlMap, YamlNode, YamlPlace } from '../formats/yaml/nodes.ts'

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

/** What `talosctl gen config` writes itself (siderolabs/talos pkg/machinery/config/generate), list indices as `*`. */
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

/** Keys of Talos' documents whose value is a secret wherever they stand: registries, WireGuard, disk encryption. */
const SECRET_KEY =
  /^(?:password|passphrase|auth|token|secret|identityToken|privateKey|presharedKey|clientSecret|secretKey|apiKey|authKey)$/
const SECRET_VARIABLE =
  /(?:^|_)(?:AUTH_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/
const VARIABLE = /^([A-Z][A-Z0-9_]{0,100})=(.*)$/s
const KEY_ARGUMENT = /--?auth-?key[= ](\S+)/
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----/
/** A PEM file in base64 begins so. */
const PEM_BASE64 = /^LS0tLS1CRUdJTi/

/** Shapes that nothing but a secret has. Looked for in the whole text: a comment is read by whoever reads the file. */
const SHAPES: readonly (readonly [field: string, shape: RegExp])[] = [
  ['a Tailscale key', /tskey-[A-Za-z0-9-]{8,128}/g],
  ['a GitHub token', /gh[opsur]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}/g],
  ['a GitLab token', /glpat-[A-Za-z0-9_-]{20,64}/g],
  ['an AWS access key', /(?<![A-Z0-9])AKIA[A-Z0-9]{16}(?![A-Z0-9])/g],
  ['a Slack token', /xox[abprs]-[A-Za-z0-9-]{10,128}/g],
  ['a password in a URL', /[a-z][a-z0-9+.-]{0,20}:\/\/[^/\s:@'"]{1,128}:(?![$<{])[^@/\s'"]{1,128}@/g],
]
const PLACEHOLDER = /placeholder|example|replace|change|redacted|x{6}|\*{3}|\.{3}/i

/** Filled in by something else, or by nobody: a variable, a template, an encrypted or looked-up value, a file. */
const REFERENCE =
  /^\$[A-Z_][A-Z0-9_]*$|^\$\(|\$\{[^}]{0,200}\}|\{\{|^<[^>]*>$|^(?:ENC\[|ref\+|op:\/\/|vault:|file:)|^\**$/i

/** In the order of the files; of a line that is told by its field its shape is not told again. */
export function findSecrets(files: readonly File[]): readonly SecretLike[] {
  return files.flatMap((file) => {
    const fields = file.documents.flatMap(({ kind, root }) => secretsOfFields(kind, root))
    const lines = new Set(fields.map(({ at }) => at.line))
    const shapes = secretsByShape(file).filter(({ at }) => !lines.has(at.line))
    return [...fields, ...shapes].toSorted((a, b) => a.at.line - b.at.line)
  })
}

function secretsOfFields(kind: string | undefined, root: YamlMap): readonly SecretLike[] {
  const found: SecretLike[] = []
  // Aliases lead to one node more than once; its value stands in the file once.
  const seen = new Set<YamlNode>()
  const visit = (node: YamlNode, path: string, key: string): void => {
    if (seen.has(node)) return
    seen.add(node)
    if (node.kind === 'map') for (const [name, { value }] of node.entries) visit(value, join(path, name), name)
    else if (node.kind === 'list') for (const item of node.items) visit(item, join(path, '*'), '')
    else if (node.value !== null) {
      const secret = classify(path, key, node.value)
      if (secret !== undefined) found.push({ ...secret, at: node.at })
    }
  }
  visit(root, kind ?? '', '')
  return found
}

function classify(path: string, key: string, text: string): Omit<SecretLike, 'at'> | undefined {
  if (TALOS_OWN.has(path)) return isReference(text) ? undefined : { field: path, owner: 'talos' }
  if (isPrivateKey(text)) return { field: path, owner: 'person' }
  const [, name = key, value = text] = VARIABLE.exec(text) ?? []
  if ((SECRET_KEY.test(name) || SECRET_VARIABLE.test(name)) && !isReference(value))
    return { field: name === key ? path : name, owner: 'person' }
  const argument = KEY_ARGUMENT.exec(text)?.[1]
  return argument === undefined || isReference(argument) ? undefined : { field: '--authkey', owner: 'person' }
}

function isReference(value: string): boolean {
  return REFERENCE.test(value.trim())
}

function isPrivateKey(text: string): boolean {
  // 64 characters hold the first line of a PEM file.
  const decoded = PEM_BASE64.test(text) ? Buffer.from(text.slice(0, 64), 'base64').toString('latin1') : text
  return PRIVATE_KEY.test(decoded)
}

function secretsByShape({ path, text }: File): readonly SecretLike[] {
  const found: SecretLike[] = []
  for (const [index, line] of text.split('\n').entries()) {
    for (const [field, shape] of SHAPES) {
      const match = line.matchAll(shape).find(([token]) => !PLACEHOLDER.test(token))
      if (match !== undefined)
        found.push({ field, owner: 'person', at: { path, line: index + 1, column: match.index + 1 } })
    }
  }
  return found
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`
}
