// The type that go-yaml gives a plain scalar: gopkg.in/yaml.v3 and go.yaml.in/yaml/v4 resolve.go.

export type Resolved =
  | { readonly tag: '!!null' | '!!str' | '!!merge' | '!!timestamp' }
  | { readonly tag: '!!bool'; readonly value: boolean }
  | { readonly tag: '!!int'; readonly value: bigint }
  | { readonly tag: '!!float'; readonly value: number }

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUE = new Set(['true', 'True', 'TRUE'])
const FALSE = new Set(['false', 'False', 'FALSE'])
const SPECIAL_FLOAT = /^([-+]?)\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}([.,]\d+)?(Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}([.,]\d+)?)?$/
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))$/
const INT64 = 1n << 63n
const UINT64 = 1n << 64n

/** Resolves the text alone, as for a scalar that is plain and has no tag. */
export function resolvePlain(text: string): Resolved {
  if (NULLS.has(text)) return { tag: '!!null' }
  if (TRUE.has(text)) return { tag: '!!bool', value: true }
  if (FALSE.has(text)) return { tag: '!!bool', value: false }
  if (text === '<<') return { tag: '!!merge' }
  if (SPECIAL_FLOAT.test(text))
    return {
      tag: '!!float',
      value: /n/i.test(text.slice(-2)) && /nan/i.test(text) ? Number.NaN : (text.startsWith('-') ? -1 : 1) * Infinity,
    }
  if (text === '-0' || text === '-0.0') return { tag: '!!float', value: -0 }
  const first = text.charAt(0)
  if (first === '.') return FLOAT.test(text) ? { tag: '!!float', value: Number(text) } : { tag: '!!str' }
  if (!/[-+0-9]/.test(first)) return { tag: '!!str' }
  if (TIMESTAMP.test(text) && isDate(text)) return { tag: '!!timestamp' }
  const plain = text.replaceAll('_', '')
  const whole = parseGoInteger(plain)
  if (whole !== undefined) return { tag: '!!int', value: whole }
  if (FLOAT.test(plain)) {
    const value = Number(plain)
    // strconv.ParseFloat gives an error for what is too large.
    return Number.isFinite(value) ? { tag: '!!float', value } : { tag: '!!str' }
  }
  return { tag: '!!str' }
}

/** strconv.ParseInt and ParseUint with base 0, of 64 bits; undefined for what neither takes. */
export function parseGoInteger(text: string): bigint | undefined {
  const match = INTEGER.exec(text)
  if (match === null) return undefined
  const [, sign, hex, binary, octal, oldOctal, decimal] = match
  const digits =
    hex === undefined
      ? binary === undefined
        ? (octal ?? oldOctal) === undefined
          ? (decimal ?? '')
          : `0o${octal ?? oldOctal}`
        : `0b${binary}`
      : `0x${hex}`
  const value = BigInt(digits) * (sign === '-' ? -1n : 1n)
  if (sign === '' ? value >= UINT64 : value >= INT64 || value < -INT64) return undefined
  return value
}

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split(/[-Tt ]/).map(Number)
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}
