// The type that go-yaml gives a plain scalar: resolve.go of gopkg.in/yaml.v3 v3.0.1 (the same in go.yaml.in/yaml/v4).

const WORD = /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF)|<<)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]*)|([1-9][0-9]*))$/
const DATE = /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})/
const TIME = /^(?:$|[Tt ]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(.*)$)/
const MAX_UINT64 = 2n ** 64n

/** True if a text without quotes is a string: neither null, boolean, number nor time. */
export function isGoString(text: string): boolean {
  if (WORD.test(text)) return false
  if (!/^[-+.0-9]/.test(text)) return true
  return !(text.startsWith('.') ? FLOAT.test(text) : isNumber(text.replaceAll('_', '')) || isTime(text))
}

function isNumber(text: string): boolean {
  return FLOAT.test(text) || isInteger(text)
}

/** strconv.ParseInt and ParseUint with base 0, where the prefix says the base. */
function isInteger(text: string): boolean {
  const [, sign = '', hexadecimal, binary, octal, decimal] = INTEGER.exec(text) ?? []
  const digits = hexadecimal ?? binary ?? octal ?? decimal
  if (digits === undefined || (digits === '' && text !== `${sign}0`)) return false
  const prefix = hexadecimal !== undefined ? '0x' : binary !== undefined ? '0b' : octal !== undefined ? '0o' : ''
  const value = BigInt(`${prefix}${digits === '' ? '0' : digits}`)
  if (sign === '-') return value <= MAX_UINT64 / 2n
  return sign === '+' ? value < MAX_UINT64 / 2n : value < MAX_UINT64
}

/** A date, or a date and a time, that there is. */
function isTime(text: string): boolean {
  const [date = '', year = '', month = '', day = ''] = DATE.exec(text) ?? []
  if (date === '') return false
  const time = TIME.exec(text.slice(date.length))
  if (time === null) return false
  const [, hour = '0', minute = '0', second = '0', zone = ''] = time
  const lengths = [31, isLeap(Number(year)) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  const isDay = Number(day) >= 1 && Number(day) <= (lengths[Number(month) - 1] ?? 0)
  const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  return isDay && isClock && isZone(text.slice(date.length), zone)
}

/** `T` wants a zone, a space none. */
function isZone(rest: string, zone: string): boolean {
  if (rest === '') return true
  return rest.startsWith(' ') ? zone === '' : /^(?:Z|[-+][0-9]{2}:[0-9]{2})$/.test(zone)
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}
