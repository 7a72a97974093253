// The type of a field, as the schema data writes it: `[]str`, `*Device`, `{}any^`, `enum:BondMode:uint8`.

export type TypeExpression = {
  /** A patch replaces the value instead of adding to it (`merge:"replace"`). */
  readonly replaced: boolean
  /** The Go type merges in its own way. */
  readonly mergesItself: boolean
} & TypeShape

type TypeShape =
  | { readonly of: 'scalar'; readonly name: string }
  | { readonly of: 'any' }
  | { readonly of: 'list' | 'map' | 'pointer'; readonly item: TypeExpression }
  | { readonly of: 'struct'; readonly name: string }
  /** A type with a parser of its own; `under` is the Go kind. */
  | { readonly of: 'own'; readonly by: 'text' | 'yaml' | 'enum'; readonly name: string; readonly under: string }

const SCALARS = new Set([
  'str',
  'bool',
  'duration',
  'int',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float32',
  'float64',
])

export function parseType(text: string): TypeExpression {
  const replaced = text.endsWith('^')
  const bare = replaced ? text.slice(0, -1) : text
  const mergesItself = bare.endsWith('&')
  return { replaced, mergesItself, ...parseShape(mergesItself ? bare.slice(0, -1) : bare) }
}

function parseShape(text: string): TypeShape {
  if (text.startsWith('[]')) return { of: 'list', item: parseType(text.slice(2)) }
  if (text.startsWith('{}')) return { of: 'map', item: parseType(text.slice(2)) }
  if (text.startsWith('*')) return { of: 'pointer', item: parseType(text.slice(1)) }
  if (text === 'any') return { of: 'any' }
  if (SCALARS.has(text)) return { of: 'scalar', name: text }
  const [by, name, under] = text.split(':')
  if (name !== undefined && under !== undefined) return { of: 'own', by: by as 'text' | 'yaml' | 'enum', name, under }
  return { of: 'struct', name: text }
}

/** The type without the pointers around it. */
export function pointedAt(type: TypeExpression): TypeExpression {
  return type.of === 'pointer' ? pointedAt(type.item) : type
}

/** Describes a type for a person: `a list of text`. */
export function describeType(type: TypeExpression): string {
  const bare = pointedAt(type)
  if (bare.of === 'list') return 'a list'
  if (bare.of === 'any') return 'anything'
  if (bare.of === 'own') return OWN[bare.name.split('.').at(-1) ?? ''] ?? 'text'
  if (bare.of !== 'scalar') return 'a mapping'
  if (bare.name === 'str') return 'text'
  if (bare.name === 'bool') return 'true or false'
  if (bare.name === 'duration') return 'a duration such as 30s'
  return bare.name.startsWith('float') ? 'a number' : `a whole number (${bare.name})`
}

const OWN: Readonly<Record<string, string>> = {
  Addr: 'an IP address',
  AddrPort: 'an IP address with a port',
  Prefix: 'an IP address with a prefix length',
  HardwareAddr: 'a hardware address',
  ArgValue: 'text or a list of text',
  Base64Bytes: 'base64',
  ByteSize: 'a size such as 10GiB',
  DiskSize: 'a size such as 10GB',
  Size: 'a size such as 10GiB or 50%',
  PercentageSize: 'a share such as 50%',
  PortRange: 'a port or a range of ports',
  InstallDiskSizeMatcher: 'a comparison with a size such as >= 10GB',
  URL: 'a URL',
  Endpoint: 'a URL',
  PEMEncodedCertificate: 'a mapping',
  PEMEncodedCertificateAndKey: 'a mapping',
  PEMEncodedKey: 'a mapping',
  ClusterInlineManifests: 'a list',
}
