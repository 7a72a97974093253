// Scalars that a field accepts: decode.go of gopkg.in/yaml.v3 and go.yaml.in/yaml/v4, and the parsers of
// upstream's own types (pkg/machinery/config/types/{block,meta,network,v1alpha1}, pkg/machinery/nethelpers).
import type { Minor } from '../schema/schema.ts'
import type { GoScalar } from '../yaml/node.ts'
import { resolvePlain, type Resolved } from '../yaml/tag.ts'
import {
  decodeBase64,
  isAddress,
  isAddressPort,
  isHardwareAddress,
  isPrefix,
  isUrl,
  parseBytes,
  parseDuration,
} from '../go/formats.ts'

const BOOLEAN_WORDS = new Set([
  'y',
  'Y',
  'yes',
  'Yes',
  'YES',
  'on',
  'On',
  'ON',
  'n',
  'N',
  'no',
  'No',
  'NO',
  'off',
  'Off',
  'OFF',
])
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int: [-(1n << 63n), (1n << 63n) - 1n],
  int8: [-128n, 127n],
  int16: [-32768n, 32767n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
  uint: [0n, (1n << 64n) - 1n],
  uint8: [0n, 255n],
  uint16: [0n, 65535n],
  uint32: [0n, (1n << 32n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
}
const RESOLVABLE = new Set(['!!bool', '!!int', '!!float', '!!null', '!!timestamp', '!!merge'])

/** The type that go-yaml gives the scalar; undefined where its tag contradicts its text. */
export function resolveScalar({ tag, text }: GoScalar): Resolved | undefined {
  if (tag === '!!binary') return undefined
  if (!RESOLVABLE.has(tag)) return { tag: '!!str' }
  const plain = resolvePlain(text)
  if (plain.tag === tag) return plain
  return tag === '!!float' && plain.tag === '!!int' ? { tag, value: Number(plain.value) } : undefined
}

/** True if a field of a basic type takes the scalar. */
export function takesScalar(type: string, node: GoScalar, minor: Minor): boolean {
  const resolved = resolveScalar(node)
  if (resolved === undefined) return false
  // Since 1.14 a date is text only in quotes.
  if (type === 'str') return minor < '1.14' || resolved.tag !== '!!timestamp'
  if (type === 'bool') return resolved.tag === '!!bool' || (resolved.tag === '!!str' && BOOLEAN_WORDS.has(node.text))
  if (type === 'duration') return takesDuration(resolved, node.text, minor)
  if (type.startsWith('float')) return resolved.tag === '!!int' || resolved.tag === '!!float'
  const [least, most] = RANGES[type] ?? [0n, 0n]
  if (resolved.tag === '!!int') return resolved.value >= least && resolved.value <= most
  if (resolved.tag !== '!!float' || !Number.isFinite(resolved.value)) return false
  // Fractions were cut off up to 1.12.
  if (minor >= '1.13' && !Number.isInteger(resolved.value)) return false
  const whole = BigInt(Math.trunc(resolved.value))
  return whole >= least && whole <= most
}

/** Since 1.13 a duration is also the number 0, since 1.14 a whole number of nanoseconds that is written as a float. */
function takesDuration(resolved: Resolved, text: string, minor: Minor): boolean {
  if (resolved.tag === '!!str') return parseDuration(text) !== undefined
  if (resolved.tag === '!!int') return minor >= '1.13' && resolved.value === 0n
  return resolved.tag === '!!float' && minor >= '1.14' && Number.isInteger(resolved.value)
}

/** True if upstream's type of its own takes the scalar; true for a type that is not known here. */
export function takesOwn(name: string, node: GoScalar, minor: Minor): boolean {
  if (resolveScalar(node) === undefined) return false
  if (name === 'ArgValue') return takesScalar('str', node, minor)
  if (name === 'PortRange') return takesScalar('uint16', node, minor) || isPortRange(node.text)
  // Sizes of what is left free are there since 1.13.
  if (minor < '1.13' && node.text.startsWith('-') && /^(Byte|Percentage|)Size$/.test(name)) return false
  return OWN[name.split('.').at(-1) ?? '']?.(node.text) ?? true
}

const OWN: Readonly<Record<string, (text: string) => boolean>> = {
  Addr: (text) => text === '' || isAddress(text),
  AddrPort: (text) => text === '' || isAddressPort(text),
  Prefix: (text) => text === '' || isPrefix(text),
  HardwareAddr: isHardwareAddress,
  Base64Bytes: (text) => decodeBase64(text) !== undefined,
  ByteSize: isByteSize,
  DiskSize: (text) => parseBytes(text) !== undefined,
  Size: (text) => (text.includes('%') ? isPercentage(text) : isByteSize(text)),
  PercentageSize: (text) => text === '' || isPercentage(text),
  InstallDiskSizeMatcher: (text) =>
    parseBytes(
      text
        .trim()
        .replace(/^(>=|<=|>|<|==)/, '')
        .trim(),
    ) !== undefined,
  URL: isUrl,
  Endpoint: isUrl,
  PEMEncodedCertificate: () => false,
  PEMEncodedCertificateAndKey: () => false,
  PEMEncodedKey: () => false,
  ClusterInlineManifests: () => false,
}

function isByteSize(text: string): boolean {
  return text === '' || parseBytes(text.replace(/^-/, '')) !== undefined
}

function isPercentage(text: string): boolean {
  const match = /^-?([-+]?[0-9.eE+-]+)%$/.exec(text)
  const value = Number(match?.[1])
  return match !== null && value >= 0 && value <= 100
}

function isPortRange(text: string): boolean {
  const match = /^([0-9]+)-([0-9]+)$/.exec(text)
  return match !== null && Number(match[1]) <= 65535 && Number(match[2]) <= 65535
}

/** True if one of the words of an enumeration is the text; `~` before a word that is read in any case. */
export function takesWord(words: readonly string[], text: string): boolean {
  return words.some((word) => {
    const range = /^(\d+)\.\.(\d+)$/.exec(word)
    if (range !== null)
      return /^(?:0|[1-9]\d*)$/.test(text) && Number(text) >= Number(range[1]) && Number(text) <= Number(range[2])
    return word.startsWith('~') ? word.slice(1).toLowerCase() === text.toLowerCase() : word === text
  })
}
